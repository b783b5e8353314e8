// The two-time map of one bin: move, zoom, drag a range of ages and see its g2, cut through it.
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
import {
  memo,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';

import { get, type Cut, type Fit, type MapPage, type Panel, type RangeG2 } from './api';
import { Exports } from './figure';
import { colourMaps, Marks, plainTick, shown } from './panel';
import { MapTiles } from './tiles';
import { useFileState, useKeys, useLive, useLoaded } from './use';

type Direction = 'horizontal' | 'vertical' | 'diagonal';
const directions: Direction[] = ['horizontal', 'vertical', 'diagonal'];
const models = ['exp', 'kww', 'ml', 'ml-squared', 'kww2'];
const fewestFrames = 6; // of a range: the server tells no errors of fewer

interface View {
  x: Domain;
  y: Domain;
}

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

function FitTable({ fits }: { fits: Fit[] }) {
  return (
    <table className="plain fits">
      <tbody>
        {fits.map((fit) => (
          <tr key={fit.model} data-model={fit.model}>
            <th scope="row">
              {fit.title}
              <div className="note" title={fit.message}>
                {fit.status}, χ² {shown(fit.chi2_reduced)}
              </div>
            </th>
            <td>
              {fit.parameters.map((parameter) => (
                <span key={parameter.name} data-parameter={parameter.name} data-value={parameter.value}>
                  {parameter.label} <b>{parameter.text}</b>
                </span>
              ))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface Sighted {
  get: () => View | undefined;
  set: (view: View) => void;
  listen: (changed: () => void) => () => void;
}

/** What is in sight, kept beside React: the map moves many times a second. */
function makeSighted(): Sighted {
  let view: View | undefined;
  const listeners = new Set<() => void>();
  return {
    get: () => view,
    set: (next) => {
      view = next;
      listeners.forEach((listener) => listener());
    },
    listen: (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
  };
}

/** I0 below the map, on its axis; a range of ages is dragged here too. */
function Strip({ map, sighted, range, tell }: {
  map: MapPage;
  sighted: Sighted;
  range: Domain | undefined;
  tell: (range: Domain) => void;
}) {
  const view = useSyncExternalStore(sighted.listen, sighted.get);
  const start = useRef<number>();
  const panel = map.intensity?.panels[0];
  const series = panel?.series[0];
  const path = useMemo(() => {
    let pen = 'M';
    let out = '';
    series?.x.forEach((x, i) => {
      const y = series.y[i];
      if (x === null || y === null || y === undefined) {
        pen = 'M';
      } else {
        out += `${pen}${x} ${-y}`;
        pen = 'L';
      }
    });
    return out;
  }, [series]);
  if (panel === undefined) {
    return null;
  }
  const [x0, x1] = view?.x ?? [map.first_s, map.last_s];
  const { lower, upper } = panel.y;
  const timeOf = (event: React.PointerEvent<SVGSVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return x0 + ((event.clientX - box.left) / box.width) * (x1 - x0);
  };
  const drag = (event: React.PointerEvent<SVGSVGElement>) => {
    if (start.current !== undefined) {
      const now = timeOf(event);
      tell(now < start.current ? [now, start.current] : [start.current, now]);
    }
  };
  const block = (first: number, last: number, colour: string, label: string, key: string) => (
    <rect key={key} x={first} width={last - first} y={-upper} height={upper - lower} fill={colour} fillOpacity={0.18}>
      <title>{label}</title>
    </rect>
  );
  return (
    <div className="strip">
      <div className="strip-axis">
        <span>{plainTick(upper)}</span>
        <span>{panel.y.label}</span>
        <span>{plainTick(lower)}</span>
      </div>
      <svg
        viewBox={`${x0} ${-upper} ${x1 - x0} ${upper - lower}`}
        preserveAspectRatio="none"
        role="img"
        aria-label="intensity against time; drag a range of ages"
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          start.current = timeOf(event);
        }}
        onPointerMove={drag}
        onPointerUp={() => {
          start.current = undefined;
        }}
      >
        {map.marks
          .filter((mark) => mark.kind === 'segment')
          .map((mark, i) =>
            block(mark.first_s, mark.last_s, i % 2 === 0 ? '#009e73' : '#d55e00', mark.text, `s${i}`),
          )}
        {range !== undefined && block(range[0], range[1], '#0072b2', 'range of ages', 'range')}
        <path d={path} fill="none" stroke="#0072b2" vectorEffect="non-scaling-stroke" />
        {map.marks
          .filter((mark) => mark.kind === 'event')
          .map((mark, i) => (
            <line
              key={i}
              x1={mark.first_s}
              x2={mark.first_s}
              y1={-upper}
              y2={-lower}
              stroke="#cc79a7"
              strokeWidth="2"
              vectorEffect="non-scaling-stroke"
            >
              <title>{mark.text}</title>
            </line>
          ))}
      </svg>
    </div>
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

const MapCanvas = memo((props: CanvasProps) => {
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
          label: 't₁ (s)',
          formatTick: plainTick,
        }}
        ordinateConfig={{
          visDomain: [map.first_s, map.last_s],
          label: 't₂ (s)',
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
              t₁ {shown(x)} s, t₂ {shown(y)} s
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

/** What is seen, to be saved. */
function SeenExports({ sighted, map, values }: {
  sighted: Sighted;
  map: MapPage;
  values: Record<string, string | number | undefined>;
}) {
  const view = useSyncExternalStore(sighted.listen, sighted.get);
  const clamp = (value: number) => Math.min(Math.max(value, map.first_s), map.last_s);
  const seen = view && {
    x0: clamp(view.x[0]),
    x1: clamp(view.x[1]),
    y0: clamp(view.y[0]),
    y1: clamp(view.y[1]),
  };
  return (
    <Exports
      path="map-export"
      values={{ ...values, ...seen }}
      formats={['png', 'svg', 'pdf', 'csv', 'npz']}
    />
  );
}

/** A picture that the server draws anew with each number. */
function Plot({ name, picture, ms }: { name: string; picture: string; ms?: number | undefined }) {
  return (
    <div
      className="plot"
      data-plot={name}
      data-ms={ms}
      // drawn by the server of this page, with all text escaped
      dangerouslySetInnerHTML={{ __html: picture }}
    />
  );
}

export function TwoTimePage({ file, bin }: { file: string; bin: number }) {
  const state = useFileState(() => get<{ state: string }>('state', { file }));
  const loaded = useLoaded(
    state === '' ? undefined : `${file} ${bin} ${state}`,
    (signal) => get<MapPage>('map', { file, bin }, signal),
    true,
  );
  if (loaded.problem !== undefined && loaded.value === undefined) {
    return <p className="problem">{loaded.problem}</p>;
  }
  return loaded.value === undefined ? (
    <p className="note">…</p>
  ) : (
    <Explorer file={file} bin={bin} map={loaded.value} state={state} />
  );
}

interface Explored {
  file: string;
  bin: number;
  map: MapPage;
  state: string; // of the file: another when it has grown
}

function Explorer({ file, bin, map, state }: Explored) {
  const [colours, setColours] = useState('viridis');
  const [diagonal, setDiagonal] = useState<'show' | 'hide'>('hide');
  const [percents, setPercents] = useState({ lower: '0.5', upper: '99.5' });
  const { lower: low, upper: high } = percents;
  const [manual, setManual] = useState<{ lower: string; upper: string }>();
  const [drawn, setDrawn] = useState<number>();
  const sighted = useMemo(makeSighted, []);
  const [range, setRange] = useState<Domain>();
  const [chosen, setChosen] = useState<string[]>(['kww']);
  const [direction, setDirection] = useState<Direction>('horizontal');
  const [place, setPlace] = useState<{ x: number; y: number }>();
  const tiles = useMemo(() => new MapTiles(file, map, diagonal), [file, map, diagonal]);
  const percentiles = useLoaded(
    manual === undefined ? `${low} ${high} ${state}` : undefined,
    (signal) => get<{ lower: number; upper: number }>('limits', { file, bin, low, high }, signal),
  );
  const auto = percentiles.value ?? map;
  const lower = Number(manual?.lower ?? auto.lower);
  const upper = Number(manual?.upper ?? auto.upper);
  const domain: Domain = lower < upper ? [lower, upper] : [map.lower, map.upper];

  const g2 = useLive<RangeG2>((key) => {
    const [first_s, last_s, names] = key.split(' ');
    return get<RangeG2>('range', { file, bin, first_s, last_s, models: names });
  });
  const asked = range ?? [map.first_s, map.last_s];
  const key = `${asked[0]} ${asked[1]} ${chosen.join(',')} ${state}`;
  const { ask } = g2;
  useEffect(() => ask(key), [ask, key]);
  const drag = useCallback((next: Domain) => setRange(next), []);

  const at =
    place === undefined
      ? undefined
      : direction === 'horizontal'
        ? place.y
        : direction === 'vertical'
          ? place.x
          : Math.abs(place.x - place.y);
  const cut = useLoaded(at === undefined ? undefined : `${direction} ${at} ${state}`, (signal) =>
    get<Cut>('cut', { file, bin, direction, at_s: at }, signal),
  );
  const click = useCallback((x: number, y: number) => setPlace({ x, y }), []);

  const move = (step: number, stretch: number) => {
    const [from, to] = asked;
    const length = to - from;
    const next: Domain = [
      Math.max(from + step * length * 0.1, map.first_s),
      Math.min(to + (step + stretch) * length * 0.1, map.last_s),
    ];
    if (next[1] - next[0] > fewestFrames * map.frame_time_s) {
      setRange(next);
    }
  };
  useKeys({
    ArrowLeft: () => move(-1, 0),
    ArrowRight: () => move(1, 0),
    'Shift+ArrowLeft': () => move(0, -1),
    'Shift+ArrowRight': () => move(0, 1),
    d: () => setDiagonal(diagonal === 'show' ? 'hide' : 'show'),
    c: () => setDirection(directions[(directions.indexOf(direction) + 1) % 3] ?? 'horizontal'),
  });

  const cutAt = useMemo(
    () =>
      at === undefined || direction === 'diagonal'
        ? undefined
        : { vertical: direction === 'vertical', at },
    [at, direction],
  );
  return (
    <section className="explorer">
      <div className="controls">
        <label>
          colours{' '}
          <select value={colours} onChange={(event) => setColours(event.target.value)}>
            {Object.keys(colourMaps)
              .filter((name) => name !== 'jet')
              .map((name) => (
                <option key={name}>{name}</option>
              ))}
          </select>
        </label>
        <label>
          limits{' '}
          <select
            value={manual === undefined ? 'percentiles' : 'values'}
            aria-label="kind of limits"
            onChange={(event) =>
              setManual(
                event.target.value === 'values'
                  ? { lower: String(auto.lower), upper: String(auto.upper) }
                  : undefined,
              )
            }
          >
            <option>percentiles</option>
            <option>values</option>
          </select>
        </label>
        {(['lower', 'upper'] as const).map((side) => (
          <input
            key={side}
            className="number"
            aria-label={`${side} limit`}
            value={manual?.[side] ?? percents[side]}
            onChange={(event) =>
              manual === undefined
                ? setPercents({ ...percents, [side]: event.target.value })
                : setManual({ ...manual, [side]: event.target.value })
            }
          />
        ))}
        {percentiles.problem !== undefined && <span className="problem">{percentiles.problem}</span>}
        <label>
          <input
            type="checkbox"
            checked={diagonal === 'show'}
            onChange={(event) => setDiagonal(event.target.checked ? 'show' : 'hide')}
          />{' '}
          diagonal
        </label>
        <SeenExports
          sighted={sighted}
          map={map}
          values={{ file, bin, colours, diagonal, lower: domain[0], upper: domain[1] }}
        />
      </div>
      <div className="columns">
        <div className="map-column">
          <div className="map" data-keep-canvas-colors data-lower={domain[0]} data-upper={domain[1]} data-drawn={drawn}>
            <MapCanvas
              map={map}
              tiles={tiles}
              colours={colours}
              lower={domain[0]}
              upper={domain[1]}
              range={range}
              cutAt={cutAt}
              sighted={sighted}
              drag={drag}
              click={click}
              tell={setDrawn}
            />
          </div>
          <Strip map={map} sighted={sighted} range={range} tell={drag} />
        </div>
        <div className="side">
          <div className="side-head">
            <b>
              g₂ of ages {g2.value === undefined ? '…' : `${shown(g2.value.first_s)} – ${shown(g2.value.last_s)} s`}
            </b>
            {range !== undefined && (
              <button type="button" onClick={() => setRange(undefined)}>
                all ages
              </button>
            )}
            <span className="models">
              {models.map((model) => (
                <label key={model}>
                  <input
                    type="checkbox"
                    checked={chosen.includes(model)}
                    onChange={(event) =>
                      setChosen(
                        event.target.checked
                          ? models.filter((m) => m === model || chosen.includes(m))
                          : chosen.filter((m) => m !== model),
                      )
                    }
                  />
                  {model}
                </label>
              ))}
            </span>
          </div>
          {g2.problem !== undefined && <p className="problem">{g2.problem}</p>}
          {g2.value !== undefined && <Plot name="g2" picture={g2.value.picture} ms={g2.ms} />}
          {g2.value !== undefined && <FitTable fits={g2.value.fits} />}
          {g2.value !== undefined && !g2.value.pixel_errors && (
            <p className="note">errors from blocks of time alone</p>
          )}
          <div className="side-head">
            <b>cut</b>
            <span className="models">
              {directions.map((name) => (
                <label key={name}>
                  <input
                    type="radio"
                    name="direction"
                    checked={direction === name}
                    onChange={() => setDirection(name)}
                  />
                  {name}
                </label>
              ))}
            </span>
            {at !== undefined && (
              <Exports
                path="curve-export"
                values={{ file, bin, direction, at_s: at }}
                formats={['png', 'svg', 'csv']}
              />
            )}
          </div>
          {cut.problem !== undefined && <p className="problem">{cut.problem}</p>}
          {cut.value === undefined ? (
            <p className="note">Click on the map: a cut through that place.</p>
          ) : (
            <Plot name="cut" picture={cut.value.picture} />
          )}
          {g2.value !== undefined && (
            <Exports
              path="curve-export"
              values={{ file, bin, first_s: asked[0], last_s: asked[1], models: chosen.join(',') }}
              formats={['png', 'svg', 'pdf', 'csv']}
            />
          )}
          {map.marks.length > 0 && (
            <ul className="marks">
              {map.marks.map((mark, index) => (
                <li key={index}>
                  {mark.kind === 'segment' ? (
                    <button type="button" onClick={() => setRange([mark.first_s, mark.last_s])}>
                      {mark.text} {shown(mark.first_s)} – {shown(mark.last_s)} s
                    </button>
                  ) : (
                    mark.text
                  )}
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
    </section>
  );
}
