import { graphql } from "react-relay";

export const query = graphql`
  query ExecutionListQuery($flow: ID) {
    ...ExecutionList_query @arguments(flow: $flow)
  }
`;

export const list = graphql`
  fragment ExecutionList_query on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 20 }, cursor: { type: "String" }, flow: { type: "ID" })
  @refetchable(queryName: "ExecutionListPageQuery") {
    rootExecutions(flowId: $flow, first: $count, after: $cursor) @connection(key: "ExecutionList_rootExecutions") {
      edges {
        node {
          levels
          execution {
            ...ExecutionRow_execution
          }
        }
      }
    }
  }
`;

export const changes = graphql`
  subscription ExecutionListSubscription($flow: ID) {
    rootExecutionsChanged(flowId: $flow) {
      executions {
        execution {
          ...ExecutionRow_execution
        }
      }
    }
  }
`;
