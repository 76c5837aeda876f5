import { graphql } from "react-relay";

export const query = graphql`
  query ExecutionPageQuery($id: ID!) {
    node(id: $id) {
      ...ExecutionPage_execution @alias(as: "execution")
    }
  }
`;

export const execution = graphql`
  fragment ExecutionPage_execution on Execution
  @argumentDefinitions(count: { type: "Int", defaultValue: 100 }, cursor: { type: "String" })
  @refetchable(queryName: "ExecutionPageNodesQuery") {
    ...ExecutionRow_execution
    nodeStates(first: $count, after: $cursor) @connection(key: "ExecutionPage_nodeStates") {
      edges {
        node {
          nodeId
          status
        }
      }
    }
    children(first: 10) {
      edges {
        node {
          ...ExecutionRow_execution
        }
      }
    }
  }
`;

export const events = graphql`
  subscription ExecutionPageSubscription($id: ID!, $fromIndex: Int!) {
    executionEvents(executionId: $id, fromIndex: $fromIndex) {
      events {
        index
        type
        ... on NodeEvent {
          nodeId
        }
      }
      nextIndex
    }
  }
`;
