// The two-time map of one bin: move, zoom, drag a range of ages and see its g2, cut through it.
import type { Domain } from '@h5web/lib';
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';

import { get, type Cut, type Fit, type MapPage, type RangeG2 } from './api';
import { Exports } from './figure';
import { MapCanvas } from './map_canvas';
import { colourMaps, shown } from './panel';
import { RangeInputs } from './range_inputs';
import { makeSighted, type Sighted } from './sighted';
import { Strip } from './strip';
import { MapTiles } from './tiles';
import { useFileState, useKeys, useLive, useLoaded } from './use';

type Direction = 'horizontal' | 'vertical' | 'diagonal';
const directions: Direction[] = ['horizontal', 'vertical', 'diagonal'];
const models = ['exp', 'kww', 'ml', 'ml-squared', 'kww2'];
const fewestFrames = 6; // of a range: the server tells no errors of fewer

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
  const [typed, setTyped] = useState<number>(); // where to cut, instead of the place clicked at
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
  const enough = map.frames >= fewestFrames; // a series that has just begun
  useEffect(() => {
    if (enough) {
      ask(key);
    }
  }, [ask, enough, key]);
  const drag = useCallback((next: Domain) => setRange(next), []);

  const at =
    typed !== undefined || place === undefined
      ? typed
      : direction === 'horizontal'
        ? place.y
        : direction === 'vertical'
          ? place.x
          : Math.abs(place.x - place.y);
  const cut = useLoaded(at === undefined ? undefined : `${direction} ${at} ${state}`, (signal) =>
    get<Cut>('cut', { file, bin, direction, at_s: at }, signal),
  );
  const click = useCallback((x: number, y: number) => {
    setTyped(undefined);
    setPlace({ x, y });
  }, []);

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
              g₂ of ages {g2.value === undefined ? '…' : `${shown(g2.value.first_s)} – ${shown(g2.value.last_s)} ${map.time_unit}`}
            </b>
            <RangeInputs of={['first age', 'last age']} range={range} change={drag} />
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
          {!enough && <p className="note">{fewestFrames} frames are needed, {map.frames} are here.</p>}
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
            <form
              onSubmit={(event) => {
                event.preventDefault();
                const text = new FormData(event.currentTarget).get('at');
                const value = Number(text);
                setTyped(text === '' || !Number.isFinite(value) ? undefined : value);
              }}
            >
              <input
                key={at}
                className="number"
                name="at"
                aria-label={direction === 'diagonal' ? 'lag of the cut' : 'time of the cut'}
                defaultValue={at}
                placeholder={`at (${map.time_unit})`}
              />{' '}
              <button type="submit">cut</button>
            </form>
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
            <p className="note">Click on the map, or type a time: a cut through that place.</p>
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
                      {mark.text} {shown(mark.first_s)} – {shown(mark.last_s)} {map.time_unit}
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
