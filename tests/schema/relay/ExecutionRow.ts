import { graphql } from "react-relay";

export const execution = graphql`
  fragment ExecutionRow_execution on Execution {
    status
    createdAt
    lastEventIndex
    flow {
      name
    }
  }
`;

export const stop = graphql`
  mutation ExecutionRowStopMutation($id: ID!) {
    stopExecution(executionId: $id) {
      execution {
        ...ExecutionRow_execution
      }
    }
  }
`;
