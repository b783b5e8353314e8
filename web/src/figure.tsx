// A figure as the report has it, and each of its panels to be zoomed into.
import { useState } from 'react';

import { address, get, getFloats, getText, type Figure } from './api';
import { Legend, PanelView } from './panel';
import { useLoaded } from './use';

export function Exports({ path, values, formats }: {
  path: string;
  values: Record<string, string | number | undefined>;
  formats: string[];
}) {
  return (
    <span className="exports">
      save{' '}
      {formats.map((format) => (
        <a key={format} href={address(path, { ...values, format })} download>
          {format.toUpperCase()}
        </a>
      ))}
    </span>
  );
}

function OpenPanel({ file, figure, number, at, drawn }: {
  file: string;
  figure: string;
  number: number;
  at: number;
  drawn: Figure;
}) {
  const panel = drawn.panels[at];
  const values = useLoaded(
    panel?.map ? `${file} ${figure} ${number} ${at}` : undefined,
    () => getFloats('figure-map', { file, figure, number, panel: at }),
  );
  if (panel === undefined) {
    return null;
  }
  return (
    <div className="open-panel">
      <PanelView panel={panel} values={values.value} title={panel.title || ' '} />
      <Legend panel={panel} />
    </div>
  );
}

export function FigureView({ file, figure, number }: { file: string; figure: string; number: number }) {
  const key = `${file} ${figure} ${number}`;
  const [open, setOpen] = useState(-1);
  const picture = useLoaded(key, (signal) => getText('picture', { file, figure, number }, signal));
  const drawn = useLoaded(open >= 0 ? key : undefined, (signal) =>
    get<Figure>('figure', { file, figure, number }, signal),
  );
  const names = useLoaded(key, (signal) => get<Figure>('figure', { file, figure, number }, signal));
  const panels = names.value?.panels ?? [];
  return (
    <section className="scroll figure">
      <div className="controls">
        <Exports
          path="figure-export"
          values={{ file, figure, number }}
          formats={['png', 'svg', 'pdf', 'csv']}
        />
        <label>
          zoom into{' '}
          <select
            value={open}
            aria-label="panel"
            onChange={(event) => setOpen(Number(event.target.value))}
          >
            <option value={-1}>nothing: the whole figure</option>
            {panels.map((panel, index) => (
              <option key={index} value={index}>
                {panel.title || `${panel.y.label} against ${panel.x.label}`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {picture.problem !== undefined && <p className="note">{picture.problem}</p>}
      {open < 0 && picture.value !== undefined && (
        <div
          className="picture"
          data-busy={picture.busy}
          onDoubleClick={() => setOpen(0)}
          // drawn by the server of this page, with all text escaped
          dangerouslySetInnerHTML={{ __html: picture.value }}
        />
      )}
      {open >= 0 && drawn.value !== undefined && (
        <OpenPanel file={file} figure={figure} number={number} at={open} drawn={drawn.value} />
      )}
    </section>
  );
}
