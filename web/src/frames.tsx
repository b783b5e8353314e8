// Frames of a series as a movie, with mask and bins over them.
import { useCallback, useEffect, useRef, useState } from 'react';

import { get, type FrameSeries, type Values } from './api';
import { FigureView } from './figure';
import { goTo, useKeys, useLoaded } from './use';

const restMs = 40;

export function FramesPage({ file, jobs }: { file: string; jobs: boolean }) {
  const [dataset, setDataset] = useState('');
  const [frame, setFrame] = useState(0);
  const [average, setAverage] = useState(1);
  const [scale, setScale] = useState<'linear' | 'log'>('linear');
  const [mask, setMask] = useState('');
  const [partition, setPartition] = useState('');
  const [playing, setPlaying] = useState(false);
  const timer = useRef<number>();
  const series = useLoaded(`${file} ${dataset}`, (signal) =>
    get<FrameSeries>('series', { file, dataset: dataset || undefined }, signal),
  );
  const files = useLoaded(jobs ? 'files' : undefined, (signal) => get<string[]>('files', {}, signal));
  const frames = series.value?.frames ?? 1;
  const last = Math.max(frames - average, 0);
  const place = Math.min(frame, last);
  const move = (to: number) => setFrame(Math.min(Math.max(to, 0), last));
  useKeys({
    ArrowLeft: () => move(place - 1),
    ArrowRight: () => move(place + 1),
    'Shift+ArrowLeft': () => move(place - 10),
    'Shift+ArrowRight': () => move(place + 10),
    Home: () => move(0),
    End: () => move(last),
    ' ': () => setPlaying(!playing),
    l: () => setScale(scale === 'log' ? 'linear' : 'log'),
    Backspace: () => goTo(),
  });
  // the next frame once this one is seen
  const next = useCallback(() => {
    if (playing) {
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => setFrame((old) => (old >= last ? 0 : old + 1)), restMs);
    }
  }, [playing, last]);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const values: Values = {
    file,
    dataset: dataset || undefined,
    frame: place,
    average,
    scale,
    mask: mask || undefined,
    partition: partition || undefined,
  };
  const named = (label: string, value: string, change: (text: string) => void, hint: string) => (
    <label>
      {label}{' '}
      <input
        type="text"
        list="files"
        aria-label={label}
        placeholder={hint}
        defaultValue={value}
        onKeyDown={(event) => {
          if (event.key === 'Enter') {
            change(event.currentTarget.value);
          }
        }}
        onBlur={(event) => change(event.target.value)}
      />
    </label>
  );
  return (
    <main className="frames">
      <div className="controls">
        <a href="#/" title="back to the list (Backspace)">
          ← all
        </a>
        <b>{file}</b>
        {jobs && <a href={`#/jobs/xpcs/${encodeURIComponent(file)}`}>analyse</a>}
        <label>
          scale{' '}
          <select value={scale} onChange={(event) => setScale(event.target.value === 'log' ? 'log' : 'linear')}>
            <option>linear</option>
            <option>log</option>
          </select>
        </label>
        <label>
          mean of{' '}
          <input
            className="number"
            type="number"
            min={1}
            max={frames}
            aria-label="frames averaged"
            value={average}
            onChange={(event) => setAverage(Math.max(1, Math.min(Number(event.target.value), frames)))}
          />{' '}
          frames
        </label>
        {named('mask', mask, setMask, 'mask.npy')}
        {named('partition', partition, setPartition, 'qmap.h5')}
        {named('dataset', dataset, setDataset, '/entry/data/data')}
      </div>
      {series.problem !== undefined ? (
        <p className="problem text">{series.problem}</p>
      ) : (
        <div className="movie">
          <div>
            <div className="controls player">
              <button type="button" onClick={() => setPlaying(!playing)} title="space">
                {playing ? 'stop' : 'play'}
              </button>
              <input
                type="range"
                min={0}
                max={last}
                value={place}
                aria-label="frame"
                onChange={(event) => setFrame(Number(event.target.value))}
              />
              <output>
                {place} of {frames}
              </output>
            </div>
            {series.value !== undefined && <FigureView values={values} loaded={next} />}
          </div>
          <aside>
            <table className="plain">
              <tbody>
                {(series.value?.facts ?? []).map((fact) => (
                  <tr key={fact.name}>
                    <td>{fact.name}</td>
                    <td>{fact.text}</td>
                  </tr>
                ))}
              </tbody>
            </table>
            {(series.value?.problems ?? []).map((problem) => (
              <p key={problem} className="problem">
                {problem}
              </p>
            ))}
          </aside>
        </div>
      )}
      <datalist id="files">
        {(files.value ?? []).map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </main>
  );
}
