import { counted } from "../../design/words";
import type { NodeRecord, Stream } from "../../fold/run";
import { Json } from "../../design/Json";
import { PayloadButton } from "../PayloadButton";
import styles from "./Inspector.module.css";
import { Section } from "./Section";

/** How many of the last pieces show. */
const SHOWN = 200;

/** What the latest attempt has streamed so far. */
export function Streams({ streams }: { streams: NodeRecord["streams"] }) {
  return Object.entries(streams).map(([port, stream]) => (
    <Section key={port} title={`Stream “${port}”, ${counted(stream.length, "piece")}`}>
      <Pieces stream={stream} />
    </Section>
  ));
}

/** Texts are put together; other pieces are a list. */
function Pieces({ stream: { pieces, length } }: { stream: Stream }) {
  const last = pieces.slice(Math.max(0, length - SHOWN), length).filter((piece) => piece !== undefined);
  if (last.every((piece) => typeof piece === "string")) return <pre className={styles.stream}>{last.join("")}</pre>;
  return <Json value={last} large={PayloadButton} />;
}
