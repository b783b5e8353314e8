// What the server answers. Every number comes from it; the page only shows them.

export interface ShownNumber {
  path: string;
  label: string;
  text: string;
  value: number | null;
}

export interface FolderEntry {
  path: string;
  kind: string;
  title: string;
  input: string;
  date: string;
  version: string;
  bytes: number;
  modified: string;
  problem: string;
  numbers: ShownNumber[];
}

export interface Folder {
  folder: string;
  only: string;
  jobs: boolean;
  entries: FolderEntry[];
}

/** Whether an entry is a result; else frames, or another file. */
export const isResult = (entry: FolderEntry): boolean => !['', 'frames'].includes(entry.kind);

export interface FigureChoice {
  name: string;
  title: string;
  each: '' | 'bin' | 'page' | 'series';
  count: number;
}

export interface MapFacts {
  bin: number;
  title: string;
  frames: number;
  frame_time_s: number;
  first_s: number;
  last_s: number;
  time_unit: string; // of all that is named _s
  layers: { factor: number; size: number }[];
}

export interface Result {
  file: string;
  kind: string;
  title: string;
  date: string;
  version: string;
  command_line: string;
  inputs: string[];
  warnings: string[];
  corrections: string[];
  figures: FigureChoice[];
  maps: MapFacts[];
  pixels: boolean;
  variances: { name: string; title: string }[];
  knows_shot_noise: boolean;
  numbers: ShownNumber[];
}

export interface Axis {
  label: string;
  scale: 'linear' | 'log';
  lower: number;
  upper: number;
}

export interface Series {
  x: (number | null)[];
  y: (number | null)[];
  errors: (number | null)[];
  label: string;
  colour: string;
  line: 'none' | 'solid' | 'dashed' | 'dotted';
  marker: boolean;
  width: number;
}

export interface HeatMap {
  rows: number;
  columns: number;
  x_first: number;
  x_last: number;
  y_first: number;
  y_last: number;
  top_left: boolean;
  colours: string;
  scale: 'linear' | 'log';
  lower: number;
  upper: number;
  label: string;
}

export interface Panel {
  row: number;
  column: number;
  title: string;
  x: Axis;
  y: Axis;
  series: Series[];
  bands: {
    x: (number | null)[];
    lower: (number | null)[];
    upper: (number | null)[];
    label: string;
    colour: string;
  }[];
  guides: { vertical: boolean; at: number; label: string; colour: string }[];
  spans: { vertical: boolean; first: number; last: number; label: string; colour: string }[];
  map: HeatMap | null;
  overlays: number; // what lies over the map, on the whole figure alone
}

export interface Figure {
  title: string;
  description: string;
  panels: Panel[];
}

export interface Mark {
  kind: 'event' | 'segment';
  first_s: number;
  last_s: number;
  text: string;
}

export interface MapPage extends MapFacts {
  lower: number;
  upper: number;
  marks: Mark[];
  intensity: Figure | null;
}

export interface Fit {
  model: string;
  title: string;
  status: string;
  message: string;
  chi2_reduced: number | null;
  parameters: { name: string; label: string; value: number | null; text: string }[];
}

export interface RangeG2 {
  first_s: number;
  last_s: number;
  pixel_errors: boolean;
  fits: Fit[];
  picture: string;
}

export interface Cut {
  label: string;
  picture: string;
}

export interface PixelMaps {
  maps: { name: string; title: string }[];
  chosen: string;
}

export interface Pixel {
  row: number;
  column: number;
  status: string;
  has_g2: boolean;
  numbers: ShownNumber[];
}

export interface FrameSeries {
  frames: number;
  facts: { name: string; text: string }[];
  problems: string[];
}

export interface FormSetting {
  name: string;
  group: string;
  value: string;
  help: string;
  needs: string;
  choices: string[];
  type: 'switch' | 'whole' | 'number' | 'text' | 'list';
  default: string;
}

export interface FormCommand {
  name: string;
  summary: string;
  inputs: string;
  min_inputs: number;
  max_inputs: number;
  examples: string;
  settings: FormSetting[];
}

export interface JobRequest {
  command: string;
  inputs: string[];
  values: [string, string][];
}

export interface JobWords {
  command_line: string;
  python: string;
}

export interface Job extends JobWords {
  number: number;
  status: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  done: number;
  total: number;
  progress: string;
  log: string[];
  text: string;
  output: string;
}

export type Values = Record<string, string | number | undefined>;

export function address(path: string, values: Values): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) {
      query.set(name, String(value));
    }
  }
  return `/api/${path}?${query.toString()}`;
}

async function fetched(url: string, signal?: AbortSignal, body?: unknown): Promise<Response> {
  const response = await fetch(
    url,
    body === undefined
      ? { signal }
      : { signal, method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) },
  );
  if (!response.ok) {
    const body = (await response.json().catch(() => undefined)) as { message?: string } | undefined;
    throw new Error(body?.message ?? `${response.status} ${response.statusText}`);
  }
  return response;
}

export async function get<T>(path: string, values: Values = {}, signal?: AbortSignal): Promise<T> {
  return (await (await fetched(address(path, values), signal)).json()) as T;
}

export async function getFloats(path: string, values: Values): Promise<Float32Array> {
  return new Float32Array(await (await fetched(address(path, values))).arrayBuffer());
}

export async function getText(path: string, values: Values, signal?: AbortSignal): Promise<string> {
  return (await fetched(address(path, values), signal)).text();
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return (await (await fetched(`/api/${path}`, signal, body)).json()) as T;
}
