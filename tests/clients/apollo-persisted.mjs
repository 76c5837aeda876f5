/** Apollo Client with its link for persisted queries; prints what goes over the wire, with GET and then without. */

import { createHash } from "node:crypto";

import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client";
import { createPersistedQueryLink } from "@apollo/client/link/persisted-queries";

const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const requests = [];

async function recorded(url, options) {
  const { searchParams } = new URL(url);
  const sent = options.method === "GET" ? Object.fromEntries(searchParams) : JSON.parse(options.body);
  const response = await fetch(url, options);
  requests.push({ method: options.method, sendsDocument: sent.query !== undefined, status: response.status });
  return response;
}

function connect(useGETForHashedQueries) {
  const http = new HttpLink({ uri: process.argv[2], fetch: recorded });
  const link = createPersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http);
  return new ApolloClient({ cache: new InMemoryCache(), link });
}

/** Runs an operation twice, as a page that is loaded twice does, and gives the data. */
async function twice(useGETForHashedQueries, run) {
  const answers = [];
  for (let time = 0; time < 2; time++) answers.push((await run(connect(useGETForHashedQueries))).data);
  return { answers, requests: requests.splice(0) };
}

// The names make documents that no other run of this script has sent.
const name = `Run${process.pid}x${Date.now()}`;
const query = (suffix) => gql(`query ${name}${suffix} { viewer { id } }`);
const mutation = gql(`mutation ${name} { validateFlow(document: {}) { valid } }`);

console.log(
  JSON.stringify({
    get: await twice(true, (client) => client.query({ query: query("Get") })),
    post: await twice(false, (client) => client.query({ query: query("Post") })),
    mutation: await twice(true, (client) => client.mutate({ mutation })),
  }),
);
