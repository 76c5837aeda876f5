/** Apollo Client over any link for subscriptions; queries and mutations go over HTTP. */

import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { OperationTypeNode } from "graphql";

import { EXECUTION_EVENTS } from "./documents.mjs";
import { follow } from "./follow.mjs";

const EVENTS = gql(EXECUTION_EVENTS);
const isSubscription = ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION;
const isMutation = (document) => document.definitions[0].operation === OperationTypeNode.MUTATION;

/** A traveller of the journey; `link` carries its subscriptions. */
export function apollo({ url, lose }, link) {
  const client = new ApolloClient({
    cache: new InMemoryCache(),
    link: ApolloLink.split(isSubscription, link, new HttpLink({ uri: url })),
  });

  const watch = (variables, take) =>
    new Promise((resolve, reject) => {
      client.subscribe({ query: EVENTS, variables, fetchPolicy: "no-cache" }).subscribe({
        next: ({ data, error }) => (error ? reject(error) : take(data.executionEvents)),
        complete: resolve,
      });
    });

  const ask = async (text, variables) => {
    const document = gql(text);
    const { data } = isMutation(document)
      ? await client.mutate({ mutation: document, variables, fetchPolicy: "no-cache" })
      : await client.query({ query: document, variables, fetchPolicy: "no-cache" });
    return data;
  };

  return { ask, follow: (id, take) => follow(watch, id, take, lose), close: () => client.stop() };
}
