// Maps of pixels: g2 and fit of the one under the mouse, and where the values of a range lie.
import { AxialSelectionTool, SvgElement, SvgRect } from '@h5web/lib';
import { useCallback, useState } from 'react';

import { get, getFloats, getText, type Figure, type Pixel, type PixelMaps, type Values } from './api';
import { Exports } from './figure';
import { PanelView } from './panel';
import { RangeInputs } from './range_inputs';
import { useKeys, useLive, useLoaded } from './use';

interface Place {
  x_nm: number;
  y_nm: number;
}
interface Seen {
  pixel: Pixel;
  picture: string;
}

function PixelSide({ file, seen, problem }: { file: string; seen: (Seen & Place) | undefined; problem: string | undefined }) {
  if (seen === undefined) {
    return <p className="note">{problem ?? 'Point at the map: g₂ of that pixel and its fit.'}</p>;
  }
  return (
    <>
      <h2>
        pixel ({seen.pixel.column}, {seen.pixel.row})
      </h2>
      <p className="numbers">
        {seen.pixel.numbers.map((number) => (
          <span key={number.label}>
            {number.label} <b>{number.text}</b>
          </span>
        ))}
        <span className="note">{seen.pixel.status}</span>
      </p>
      {seen.picture !== '' ? (
        <>
          <div className="picture" dangerouslySetInnerHTML={{ __html: seen.picture }} />
          <Exports
            path="figure-export"
            values={{ file, pixels: 'g2', x_nm: seen.x_nm, y_nm: seen.y_nm }}
            formats={['png', 'svg', 'pdf', 'csv']}
          />
        </>
      ) : (
        <p className="note">
          The result does not keep g₂ of its pixels: <code>vitrum ecm --keep-g2 4G</code> does.
        </p>
      )}
    </>
  );
}

export function PixelPage({ file }: { file: string }) {
  const [map, setMap] = useState('tau_s');
  const [range, setRange] = useState<[number, number]>();
  const [held, setHeld] = useState(false);
  const chosen: Values = { file, map, lower: range?.[0], upper: range?.[1] };
  const key = JSON.stringify(chosen);
  const facts = useLoaded(key, (signal) => get<PixelMaps>('pixels', chosen, signal));
  const drawn = useLoaded(key, (signal) => get<Figure>('figure', { ...chosen, pixels: 'map' }, signal));
  const values = useLoaded(key, () => getFloats('figure-map', { ...chosen, pixels: 'map', panel: 0 }));
  const histogram = useLoaded(key, (signal) =>
    get<Figure>('figure', { ...chosen, pixels: 'histogram' }, signal),
  );
  const live = useLive<Seen & Place>(async (text) => {
    const place = JSON.parse(text) as Place;
    const pixel = await get<Pixel>('pixel', { file, ...place });
    const picture = pixel.has_g2 ? await getText('picture', { file, pixels: 'g2', ...place }) : '';
    return { ...place, pixel, picture };
  });
  const { ask } = live;
  const point = useCallback(
    (x: number, y: number) => {
      if (!held) {
        ask(JSON.stringify({ x_nm: x, y_nm: y }));
      }
    },
    [ask, held],
  );
  useKeys({
    r: () => setRange(undefined),
    h: () => setHeld(!held),
  });
  const panel = drawn.value?.panels[0];
  const bars = histogram.value?.panels[0];
  return (
    <section className="pixels">
      <div className="controls">
        <label>
          map of{' '}
          <select
            value={map}
            aria-label="map"
            onChange={(event) => {
              setRange(undefined);
              setMap(event.target.value);
            }}
          >
            {(facts.value?.maps ?? []).map((one) => (
              <option key={one.name} value={one.name}>
                {one.title}
              </option>
            ))}
          </select>
        </label>
        <output>{facts.value?.chosen}</output>
        <RangeInputs of={['lowest value', 'highest value']} range={range} change={setRange} />
        {range !== undefined && (
          <button type="button" onClick={() => setRange(undefined)} title="all pixels (r)">
            all
          </button>
        )}
        <label title="h">
          <input type="checkbox" checked={held} onChange={(event) => setHeld(event.target.checked)} /> hold the
          pixel
        </label>
        <Exports
          path="figure-export"
          values={{ ...chosen, pixels: 'map' }}
          formats={['png', 'svg', 'pdf']}
        />
      </div>
      <div className="pixel-map">
        {drawn.problem !== undefined && <p className="note">{drawn.problem}</p>}
        {panel !== undefined && (
          <PanelView
            panel={panel}
            values={values.value}
            title={panel.title}
            hover={point}
          />
        )}
      </div>
      <aside className="scroll">
        <PixelSide file={file} seen={live.value} problem={live.problem} />
        <h2>how many have which value</h2>
        <p className="note">Drag over it: where those pixels lie.</p>
        <div className="histogram">
          {bars !== undefined && (
            <PanelView panel={bars} title=" " still>
              <AxialSelectionTool
                id="Values"
                axis="x"
                validate={({ html }) => Math.abs(html[0].x - html[1].x) > 3}
                onValidSelection={({ data }) =>
                  setRange(data[0].x < data[1].x ? [data[0].x, data[1].x] : [data[1].x, data[0].x])
                }
              >
                {({ html }) => (
                  <SvgElement>
                    <SvgRect coords={html} fill="var(--accent)" fillOpacity={0.2} stroke="var(--accent)" />
                  </SvgElement>
                )}
              </AxialSelectionTool>
            </PanelView>
          )}
        </div>
      </aside>
    </section>
  );
}
