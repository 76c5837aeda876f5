import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";
import { fillIn } from "./ids";
import { streams } from "./streams";

/** What leads from tab to tab: a subscription is shown again with its tab, ids are put in, the newest events are in view. */
export function Tour() {
  const { tabs, activeTabIndex, variableEditor, responseEditor } = useGraphiQL(
    pick("tabs", "activeTabIndex", "variableEditor", "responseEditor"),
  );
  const { run } = useGraphiQLActions();
  const tab = tabs[activeTabIndex]?.id ?? "";

  useEffect(() => {
    streams.follow({ tabs, activeTabIndex });
    streams.resume(run);
    const filled = fillIn(variableEditor?.getValue() ?? "");
    if (filled !== null) variableEditor?.setValue(filled);
  }, [tab, variableEditor]);

  useEffect(() => {
    const listening = responseEditor?.onDidChangeModelContent(() => {
      const lines = responseEditor.getModel()?.getLineCount() ?? 1;
      if (streams.isShown) responseEditor.revealLine(lines);
    });
    return () => listening?.dispose();
  }, [responseEditor]);

  return null;
}
