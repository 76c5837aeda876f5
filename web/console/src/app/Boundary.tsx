import { Component, type ReactNode } from "react";
import { Button } from "../design/Button";
import { Notice } from "../design/Notice";

interface Caught {
  error: unknown;
}

/** Keeps a page that fails from taking the console along. */
export class Boundary extends Component<{ children: ReactNode }, Caught> {
  override state: Caught = { error: null };

  static getDerivedStateFromError(error: unknown): Caught {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const reload = <Button onClick={() => location.reload()}>Load the page again</Button>;
    return (
      <Notice tone="bad" title="This page has failed" actions={reload}>
        {error instanceof Error ? error.message : String(error)}
      </Notice>
    );
  }
}
