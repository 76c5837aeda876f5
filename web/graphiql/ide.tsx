import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { fetcher } from "./fetcher";
import { streams } from "./streams";
import { TABS } from "./tabs";
import { Tour } from "./tour";

const PLUGINS = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];

export function Ide() {
  return (
    <GraphiQL
      fetcher={fetcher}
      plugins={PLUGINS}
      defaultTabs={TABS}
      defaultEditorToolsVisibility="variables"
      onTabChange={streams.follow}
    >
      <GraphiQL.Logo>Tidegate</GraphiQL.Logo>
      <Tour />
    </GraphiQL>
  );
}
