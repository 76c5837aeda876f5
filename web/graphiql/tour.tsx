import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { useEffect } from "react";
import { fillIn } from "./ids";
import { streams } from "./streams";

/** What leads from tab to tab: a subscription is shown again with its tab, ids are put in, the newest events are in view. */
export function Tour() {
  const { tabs, activeTabIndex, queryEditor, variableEditor, responseEditor } = useGraphiQL(
    pick("tabs", "activeTabIndex", "queryEditor", "variableEditor", "responseEditor"),
  );
  const { run, stop } = useGraphiQLActions();
  const tab = tabs[activeTabIndex]?.id ?? "";

  useEffect(() => {
    streams.follow({ tabs, activeTabIndex });
    stop(); // GraphiQL does not when a tab is added, and would show in it what comes for the other.
    streams.resume(run);
    const filled = fillIn(variableEditor?.getValue() ?? "");
    if (filled !== null) variableEditor?.setValue(filled);
  }, [tab, variableEditor]);

  useEffect(() => queryEditor?.updateOptions({ wordWrap: "on" }), [queryEditor]);

  useEffect(() => {
    const listening = responseEditor?.onDidChangeModelContent(() => {
      const lines = responseEditor.getModel()?.getLineCount() ?? 1;
      if (streams.isShown) responseEditor.revealLine(lines);
    });
    return () => listening?.dispose();
  }, [responseEditor]);

  return null;
}
