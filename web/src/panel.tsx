// One panel of a figure, to be moved and zoomed: curves with errors, bands, maps, marks.
import {
  ColorBar,
  CurveType,
  DataCurve,
  DataToHtml,
  DefaultInteractions,
  GlyphType,
  HeatmapMesh,
  ResetZoomButton,
  ScaleType,
  SvgElement,
  SvgLine,
  SvgRect,
  TooltipMesh,
  VisCanvas,
  useCanvasEvent,
  type ColorMap,
  type Domain,
} from '@h5web/lib';
import ndarray from 'ndarray';
import { useCallback, useMemo, type ReactNode } from 'react';
import { Vector3 } from 'three';

import type { Axis, HeatMap, Panel, Series } from './api';
import { useTheme, type Theme } from './use';

export const colourMaps: Record<string, { map: ColorMap; invert: boolean }> = {
  viridis: { map: 'Viridis', invert: false },
  magma: { map: 'Magma', invert: false },
  turbo: { map: 'Turbo', invert: false },
  gray: { map: 'Greys', invert: true },
  jet: { map: 'Turbo', invert: false },
};

const scaleOf = { linear: ScaleType.Linear, log: ScaleType.Log } as const;
const missing = Number.NaN;

/** 4000, not 4e+3; large and small numbers with powers of ten. */
export function plainTick(value: number): string {
  return String(Number(value.toPrecision(6)));
}

export function domainOf(axis: { lower: number; upper: number }): Domain {
  return [axis.lower, axis.upper];
}

/** Black curves take the colour of the text. */
export function inked(colour: string, theme: Theme): string {
  return colour === '#000000' && theme === 'dark' ? '#e8e8e8' : colour;
}

function drawable(values: (number | null)[], axis: Axis): number[] {
  return values.map((v) => (v === null || (axis.scale === 'log' && v <= 0) ? missing : v));
}

function Curve({ series, x, y, theme }: { series: Series; x: Axis; y: Axis; theme: Theme }) {
  const points = useMemo(
    () => ({
      abscissas: drawable(series.x, x),
      ordinates: drawable(series.y, y),
      errors: series.errors.length > 0 ? series.errors.map((e) => e ?? 0) : undefined,
    }),
    [series, x, y],
  );
  const line = series.line !== 'none';
  return (
    <DataCurve
      abscissas={points.abscissas}
      ordinates={points.ordinates}
      errors={points.errors}
      showErrors={points.errors !== undefined}
      color={inked(series.colour, theme)}
      width={series.width}
      curveType={
        series.marker ? (line ? CurveType.LineAndGlyphs : CurveType.GlyphsOnly) : CurveType.LineOnly
      }
      glyphType={GlyphType.Circle}
      glyphSize={5}
      ignoreValue={(value) => !Number.isFinite(value)}
      materialProps={
        series.line === 'dashed' || series.line === 'dotted' ? { dashed: true } : undefined
      }
    />
  );
}

export function Marks({ panel }: { panel: Pick<Panel, 'x' | 'y' | 'guides' | 'spans'> }) {
  const { x, y } = panel;
  const corner = (vertical: boolean, at: number, end: 'lower' | 'upper') =>
    vertical ? new Vector3(at, y[end]) : new Vector3(x[end], at);
  return (
    <>
      {panel.spans.map((span, i) => (
        <DataToHtml
          key={`span ${i}`}
          points={[corner(span.vertical, span.first, 'lower'), corner(span.vertical, span.last, 'upper')]}
        >
          {(from, to) => (
            <SvgElement>
              <SvgRect coords={[from, to]} fill={span.colour} fillOpacity={0.18} />
            </SvgElement>
          )}
        </DataToHtml>
      ))}
      {panel.guides.map((guide, i) => (
        <DataToHtml
          key={`guide ${i}`}
          points={[corner(guide.vertical, guide.at, 'lower'), corner(guide.vertical, guide.at, 'upper')]}
        >
          {(from, to) => (
            <SvgElement>
              <SvgLine coords={[from, to]} stroke={guide.colour} strokeDasharray="5 3">
                <title>{guide.label}</title>
              </SvgLine>
            </SvgElement>
          )}
        </DataToHtml>
      ))}
    </>
  );
}

/** Rows as they are drawn, upwards: a mesh does not follow an axis that is turned over. */
function upwards(map: HeatMap, values: Float32Array): Float32Array {
  if (!map.top_left) {
    return values;
  }
  const out = new Float32Array(values.length);
  for (let row = 0; row < map.rows; row += 1) {
    out.set(values.subarray(row * map.columns, (row + 1) * map.columns), (map.rows - 1 - row) * map.columns);
  }
  return out;
}

function MapMesh({ map, values }: { map: HeatMap; values: Float32Array }) {
  const array = useMemo(
    () => ndarray(upwards(map, values), [map.rows, map.columns]),
    [map, values],
  );
  const look = colourMaps[map.colours] ?? colourMaps['viridis']!;
  return (
    <HeatmapMesh
      values={array}
      domain={domainOf(map)}
      scaleType={scaleOf[map.scale]}
      colorMap={look.map}
      invertColorMap={look.invert}
      badColor="#d3d3d3"
    />
  );
}

function nearest(panel: Panel, x: number): { series: Series; index: number }[] {
  const found: { series: Series; index: number }[] = [];
  for (const series of panel.series) {
    let best = -1;
    let distance = Number.POSITIVE_INFINITY;
    series.x.forEach((value, index) => {
      if (value !== null && Math.abs(value - x) < distance) {
        distance = Math.abs(value - x);
        best = index;
      }
    });
    if (best >= 0 && series.label !== '') {
      found.push({ series, index: best });
    }
  }
  return found.slice(0, 8);
}

export function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : Number(value.toPrecision(6)).toString();
}

function Tip({ panel, map, values, x, y }: { panel: Panel; map: HeatMap | null; values?: Float32Array; x: number; y: number }) {
  if (map !== null && values !== undefined) {
    const column = Math.floor(((x - map.x_first) / (map.x_last - map.x_first)) * map.columns);
    const row = Math.floor(((y - map.y_first) / (map.y_last - map.y_first)) * map.rows);
    return (
      <>
        {panel.x.label} {shown(x)}, {panel.y.label} {shown(y)}
        <br />
        <b>{shown(values[row * map.columns + column])}</b> {map.label}
      </>
    );
  }
  return (
    <>
      {panel.x.label} {shown(x)}, {panel.y.label} {shown(y)}
      {nearest(panel, x).map(({ series, index }) => (
        <div key={series.label}>
          {series.label}: {shown(series.x[index])} → <b>{shown(series.y[index])}</b>
          {series.errors[index] ? ` ± ${shown(series.errors[index])}` : ''}
        </div>
      ))}
    </>
  );
}

/** A band is shown by its edges. */
function edgeOf(band: Panel['bands'][number], edge: (number | null)[]): Series {
  return {
    x: band.x,
    y: edge,
    errors: [],
    label: '',
    colour: band.colour,
    line: 'dotted',
    marker: false,
    width: 1,
  };
}

/** Tells where the mouse is, in values of the axes. */
function Pointer({ move }: { move: (x: number, y: number) => void }) {
  const moved = useCallback(
    ({ dataPt }: { dataPt: { x: number; y: number } }) => move(dataPt.x, dataPt.y),
    [move],
  );
  useCanvasEvent('pointermove', moved);
  return null;
}

interface Props {
  panel: Panel;
  values?: Float32Array | undefined;
  title?: string;
  children?: ReactNode;
  still?: boolean; // neither moved nor zoomed: something else moves it
  hover?: (x: number, y: number) => void;
}

export function PanelView({ panel, values, title, children, still = false, hover }: Props) {
  const theme = useTheme();
  const { map } = panel;
  const x = map === null ? panel.x : { ...panel.x, lower: map.x_first, upper: map.x_last };
  const y = map === null ? panel.y : { ...panel.y, lower: map.y_first, upper: map.y_last };
  const look = map === null ? undefined : (colourMaps[map.colours] ?? colourMaps['viridis']);
  return (
    <div className="panel" data-keep-canvas-colors>
      <VisCanvas
        title={title}
        aspect={map === null ? 'auto' : 'equal'}
        abscissaConfig={{
          visDomain: domainOf(x),
          scaleType: scaleOf[x.scale],
          label: x.label,
          formatTick: x.scale === 'log' ? undefined : plainTick,
          showGrid: map === null,
        }}
        ordinateConfig={{
          visDomain: domainOf(y),
          flip: map?.top_left === true,
          scaleType: scaleOf[y.scale],
          label: y.label,
          formatTick: y.scale === 'log' ? undefined : plainTick,
          showGrid: map === null,
        }}
      >
        {!still && <DefaultInteractions />}
        {!still && <ResetZoomButton />}
        {map !== null && values !== undefined && <MapMesh map={map} values={values} />}
        {panel.bands.flatMap((band, index) =>
          [band.lower, band.upper].map((edge, side) => (
            <Curve key={`band ${index} ${side}`} series={edgeOf(band, edge)} x={x} y={y} theme={theme} />
          )),
        )}
        {panel.series.map((series, index) => (
          <Curve key={index} series={series} x={x} y={y} theme={theme} />
        ))}
        <Marks panel={{ ...panel, x, y }} />
        {!still && (
          <TooltipMesh
            guides="both"
            renderTooltip={(px, py) => <Tip panel={panel} map={map} values={values} x={px} y={py} />}
          />
        )}
        {hover !== undefined && <Pointer move={hover} />}
        {children}
      </VisCanvas>
      {map !== null && look !== undefined && (
        <ColorBar
          domain={domainOf(map)}
          scaleType={scaleOf[map.scale]}
          colorMap={look.map}
          invertColorMap={look.invert}
        />
      )}
    </div>
  );
}

/** What the curves of a panel are, below it: the canvas has no legend of its own. */
export function Legend({ panel }: { panel: Panel }) {
  const theme = useTheme();
  const named = panel.series.filter((series) => series.label !== '');
  if (named.length === 0) {
    return null;
  }
  return (
    <div className="legend">
      {named.map((series, index) => (
        <span key={index}>
          <svg width="22" height="10" aria-hidden="true">
            {series.line !== 'none' && (
              <line x1="0" x2="22" y1="5" y2="5" stroke={inked(series.colour, theme)} strokeWidth="2" />
            )}
            {series.marker && <circle cx="11" cy="5" r="3" fill={inked(series.colour, theme)} />}
          </svg>
          {series.label}
        </span>
      ))}
    </div>
  );
}
