// The canvas of a two-time map: move, zoom, drag a range of ages, click on a place.
import {
  AxialSelectionTool,
  ColorBar,
  DefaultInteractions,
  ResetZoomButton,
  ScaleType,
  SvgElement,
  SvgRect,
  TiledHeatmapMesh,
  TiledTooltipMesh,
  VisCanvas,
  useCameraState,
  useCanvasEvent,
  useVisCanvasContext,
  type Domain,
} from '@h5web/lib';
import { useFrame } from '@react-three/fiber';
import { memo, useCallback, useEffect, useRef } from 'react';

import type { MapPage, Panel } from './api';
import { colourMaps, Marks, plainTick, shown } from './panel';
import type { Sighted, View } from './sighted';
import type { MapTiles } from './tiles';

/** Marks the first frame that has a part of the map, for whoever waits for it. */
function Drawn({ tiles, tell }: { tiles: MapTiles; tell: (ms: number) => void }) {
  const done = useRef<MapTiles>();
  useFrame(() => {
    if (tiles.arrived > 0 && done.current !== tiles) {
      done.current = tiles;
      requestAnimationFrame(() => tell(performance.now()));
    }
  });
  return null;
}

/** Tells what is in sight, once the mouse rests. */
function Sight({ tell }: { tell: (view: View) => void }) {
  const { getVisibleDomains } = useVisCanvasContext();
  const sight = useCameraState(
    (camera) => {
      const { xVisibleDomain, yVisibleDomain } = getVisibleDomains(camera);
      return { x: xVisibleDomain, y: yVisibleDomain };
    },
    [getVisibleDomains],
  );
  const [x0, x1] = sight.x;
  const [y0, y1] = sight.y;
  useEffect(() => tell({ x: [x0, x1], y: [y0, y1] }), [x0, x1, y0, y1, tell]);
  return null;
}

/** A click that is no drag. */
function Clicks({ act }: { act: (x: number, y: number) => void }) {
  const start = useRef<{ x: number; y: number }>();
  const down = useCallback(
    ({ htmlPt, sourceEvent }: { htmlPt: { x: number; y: number }; sourceEvent: MouseEvent }) => {
      start.current =
        sourceEvent.button === 0 && !sourceEvent.shiftKey && !sourceEvent.ctrlKey
          ? { x: htmlPt.x, y: htmlPt.y }
          : undefined;
    },
    [],
  );
  const up = useCallback(
    ({ htmlPt, dataPt }: { htmlPt: { x: number; y: number }; dataPt: { x: number; y: number } }) => {
      const from = start.current;
      if (from !== undefined && Math.hypot(htmlPt.x - from.x, htmlPt.y - from.y) < 4) {
        act(dataPt.x, dataPt.y);
      }
    },
    [act],
  );
  useCanvasEvent('pointerdown', down);
  useCanvasEvent('pointerup', up);
  return null;
}

/** Dragging a stripe of time. */
function RangeTool({ tell }: { tell: (range: Domain) => void }) {
  const range = (data: [{ x: number }, { x: number }]): Domain =>
    data[0].x < data[1].x ? [data[0].x, data[1].x] : [data[1].x, data[0].x];
  return (
    <AxialSelectionTool
      id="Range"
      axis="x"
      modifierKey="Shift"
      validate={({ html }) => Math.abs(html[0].x - html[1].x) > 3}
      onSelectionChange={(selection, _raw, valid) => {
        if (selection !== undefined && valid) {
          tell(range(selection.data));
        }
      }}
      onValidSelection={({ data }) => tell(range(data))}
    >
      {({ html }, _raw, valid) => (
        <SvgElement>
          <SvgRect coords={html} fill="var(--accent)" fillOpacity={valid ? 0.2 : 0.05} stroke="var(--accent)" />
        </SvgElement>
      )}
    </AxialSelectionTool>
  );
}

interface CanvasProps {
  map: MapPage;
  tiles: MapTiles;
  colours: string;
  lower: number;
  upper: number;
  range: Domain | undefined;
  cutAt: { vertical: boolean; at: number } | undefined;
  sighted: Sighted;
  drag: (range: Domain) => void;
  click: (x: number, y: number) => void;
  tell: (ms: number) => void;
}

export const MapCanvas = memo((props: CanvasProps) => {
  const { map, tiles, colours, lower, upper, range, cutAt, sighted, drag, click, tell } = props;
  const look = colourMaps[colours]!;
  const domain: Domain = [lower, upper];
  const axis = (label: string) => ({
    label,
    scale: 'linear' as const,
    lower: map.first_s,
    upper: map.last_s,
  });
  const lines: Panel['guides'] = map.marks
    .filter((mark) => mark.kind === 'event')
    .flatMap((mark) =>
      [true, false].map((vertical) => ({
        vertical,
        at: mark.first_s,
        label: mark.text,
        colour: '#cc79a7',
      })),
    );
  if (cutAt !== undefined) {
    lines.push({ ...cutAt, label: 'cut', colour: '#ffffff' });
  }
  const spans: Panel['spans'] =
    range === undefined
      ? []
      : [{ vertical: true, first: range[0], last: range[1], label: 'ages', colour: '#56b4e9' }];
  return (
    <>
      <VisCanvas
        aspect="equal"
        abscissaConfig={{
          visDomain: [map.first_s, map.last_s],
          label: `t₁ (${map.time_unit})`,
          formatTick: plainTick,
        }}
        ordinateConfig={{
          visDomain: [map.first_s, map.last_s],
          label: `t₂ (${map.time_unit})`,
          formatTick: plainTick,
        }}
      >
        <DefaultInteractions />
        <ResetZoomButton />
        <TiledHeatmapMesh
          api={tiles}
          domain={domain}
          scaleType={ScaleType.Linear}
          colorMap={look.map}
          invertColorMap={look.invert}
        />
        <TiledTooltipMesh
          renderTooltip={(x, y, v) => (
            <span data-tip={v} data-x={x} data-y={y}>
              t₁ {shown(x)} {map.time_unit}, t₂ {shown(y)} {map.time_unit}
              <br />C = <b>{shown(v)}</b>
            </span>
          )}
        />
        <Marks panel={{ x: axis('t₁'), y: axis('t₂'), guides: lines, spans }} />
        <RangeTool tell={drag} />
        <Clicks act={click} />
        <Sight tell={sighted.set} />
        <Drawn tiles={tiles} tell={tell} />
      </VisCanvas>
      <ColorBar
        domain={domain}
        scaleType={ScaleType.Linear}
        colorMap={look.map}
        invertColorMap={look.invert}
      />
    </>
  );
});
