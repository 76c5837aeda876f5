import ELK, { type ELK as Elk, type ElkNode } from "elkjs/lib/elk-api";
// The engine runs beside the page, from a file of its own, as the page's policy wants it.
import engine from "elkjs/lib/elk-worker.min.js?url";
import type { Topology, TopologyNode } from "../fold/topology";

export const CARD = { width: 184, height: 52 };
const GROUP_HEAD = 36;
/** From so many nodes on, a layout is to be there soon rather than be the best. */
const LARGE = 400;

export interface Point {
  x: number;
  y: number;
}

export interface Box extends Point {
  width: number;
  height: number;
}

/** Where everything is. */
export interface Layout {
  /** Each node relative to the group around it, which comes before it. */
  readonly boxes: ReadonlyMap<string, Box>;
  /** The same, all relative to one origin, as the ways of the edges are. */
  readonly places: ReadonlyMap<string, Box>;
  readonly ways: ReadonlyMap<string, readonly Point[]>;
  readonly bounds: Box;
}

/** Where the edges lead: to the right, or down where there is more height than width. */
export type Direction = "RIGHT" | "DOWN";

const made = new Map<string, Promise<Layout>>();
let elk: Elk | null = null;

/** The layout of a flow version, made once for each `id` and direction. */
export function layoutOf(id: string, topology: Topology, direction: Direction): Promise<Layout> {
  const key = `${id} ${direction}`;
  let layout = made.get(key);
  if (!layout) {
    layout = lay(topology, direction);
    made.set(key, layout);
    layout.catch(() => made.delete(key));
  }
  return layout;
}

async function lay(topology: Topology, direction: Direction): Promise<Layout> {
  elk ??= new ELK({ workerFactory: () => new Worker(engine) });
  const root = await elk.layout({
    id: " root",
    layoutOptions: options(topology, direction),
    children: children(families(topology), null),
    edges: topology.edges.map(({ id, source, target }) => ({ id, sources: [source], targets: [target] })),
  });
  return read(root);
}

const options = ({ nodes }: Topology, direction: Direction) => ({
  "elk.algorithm": "layered",
  "elk.direction": direction,
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.json.edgeCoords": "ROOT",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.spacing.nodeNode": "20",
  "elk.spacing.edgeNode": "16",
  "elk.spacing.edgeEdge": "8",
  "elk.layered.spacing.nodeNodeBetweenLayers": "40",
  "elk.layered.spacing.edgeNodeBetweenLayers": "16",
  "elk.layered.mergeEdges": "true",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
  ...(nodes.size > LARGE
    ? { "elk.layered.thoroughness": "1", "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF" }
    : { "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX" }),
});

type Families = ReadonlyMap<string | null, readonly TopologyNode[]>;

/** The nodes by the group around them. */
function families(topology: Topology): Families {
  const found = new Map<string | null, TopologyNode[]>();
  for (const node of topology.nodes.values()) {
    const family = found.get(node.parent);
    if (family) family.push(node);
    else found.set(node.parent, [node]);
  }
  return found;
}

function children(all: Families, parent: string | null): ElkNode[] {
  return (all.get(parent) ?? []).map(({ id, type }) => {
    if (type !== "group") return { id, ...CARD };
    const padding = `[top=${GROUP_HEAD + 12},left=16,bottom=16,right=16]`;
    return { id, ...CARD, layoutOptions: { "elk.padding": padding }, children: children(all, id) };
  });
}

function read(root: ElkNode): Layout {
  const boxes = new Map<string, Box>();
  const places = new Map<string, Box>();
  const visit = ({ id, x = 0, y = 0, width = 0, height = 0, children = [] }: ElkNode, origin: Point) => {
    const place = { x: origin.x + x, y: origin.y + y, width, height };
    boxes.set(id, { x, y, width, height });
    places.set(id, place);
    for (const child of children) visit(child, place);
  };
  for (const child of root.children ?? []) visit(child, { x: 0, y: 0 });
  const ways = new Map<string, readonly Point[]>();
  for (const { id, sections } of root.edges ?? []) {
    const section = sections?.[0];
    if (section) ways.set(id, [section.startPoint, ...(section.bendPoints ?? []), section.endPoint]);
  }
  return { boxes, places, ways, bounds: { x: 0, y: 0, width: root.width ?? 1, height: root.height ?? 1 } };
}
