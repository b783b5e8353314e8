// All results of a folder, with what is most asked of each.
import { useEffect, useMemo, useRef, useState } from 'react';

import { address, get, isResult, type Folder, type FolderEntry } from './api';
import { goTo, useKeys, usePolled } from './use';

type Order = 'path' | 'kind' | 'date' | 'number';
const pollMs = 3000;

function compared(a: FolderEntry, b: FolderEntry, order: Order, label: string): number {
  const number = (entry: FolderEntry) =>
    entry.numbers.find((n) => n.label === label)?.value ?? Number.POSITIVE_INFINITY;
  return order === 'number' ? number(a) - number(b) : a[order].localeCompare(b[order]);
}

function Numbers({ entry }: { entry: FolderEntry }) {
  if (entry.problem !== '') {
    return <span className="problem">{entry.problem}</span>;
  }
  return (
    <span className="numbers">
      {entry.numbers.map((number) => (
        <span key={number.path} title={number.path}>
          {number.label} <b>{number.text}</b>
        </span>
      ))}
    </span>
  );
}

export function FolderPage() {
  const [filter, setFilter] = useState('');
  const [order, setOrder] = useState<Order>('path');
  const [label, setLabel] = useState('τ');
  const [down, setDown] = useState(false);
  const [at, setAt] = useState(0);
  const [others, setOthers] = useState(false);
  const chosen = useRef<HTMLTableRowElement>(null);
  const folder = usePolled((signal) => get<Folder>('folder', {}, signal), pollMs);
  const all = folder.value?.entries;
  const shown = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/u).filter(Boolean);
    const list = (all ?? []).filter((entry) => {
      const text = `${entry.path} ${entry.kind} ${entry.title} ${entry.input}`.toLowerCase();
      return (others || entry.kind !== '') && words.every((word) => text.includes(word));
    });
    list.sort((a, b) => compared(a, b, order, label));
    return down ? list.reverse() : list;
  }, [all, filter, order, label, down, others]);
  const labels = [...new Set((all ?? []).flatMap((entry) => entry.numbers.map((n) => n.label)))];
  const place = Math.min(at, Math.max(shown.length - 1, 0));
  const open = (entry: FolderEntry | undefined) => {
    if (entry !== undefined) {
      goTo(isResult(entry) ? 'result' : 'frames', entry.path);
    }
  };
  useKeys({
    ArrowDown: () => setAt(Math.min(place + 1, shown.length - 1)),
    ArrowUp: () => setAt(Math.max(place - 1, 0)),
    Enter: () => open(shown[place]),
  });
  useEffect(() => {
    void chosen.current?.scrollIntoView({ block: 'nearest' }); // a promise in newer browsers
  }, [place]);
  const head = (name: Order, text: string) => (
    <th aria-sort={order === name ? (down ? 'descending' : 'ascending') : 'none'}>
      <button
        type="button"
        onClick={() => {
          setDown(order === name && !down);
          setOrder(name);
        }}
      >
        {text} {order === name ? (down ? '▾' : '▴') : ''}
      </button>
    </th>
  );
  const hidden = (all ?? []).length - (all ?? []).filter((entry) => entry.kind !== '').length;
  return (
    <main className="folder">
      <header>
        <h1>{folder.value?.folder ?? '…'}</h1>
        {folder.value?.jobs === true && (
          <a className="button" href="#/jobs" title="start an analysis, watch those that run (a)">
            analyses
          </a>
        )}
        <div className="controls">
          <input
            type="search"
            placeholder="filter"
            aria-label="filter"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
          />
          <label>
            by number{' '}
            <select
              value={label}
              onChange={(event) => {
                setLabel(event.target.value);
                setOrder('number');
              }}
            >
              {labels.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          {hidden > 0 && (
            <label>
              <input
                type="checkbox"
                checked={others}
                onChange={(event) => setOthers(event.target.checked)}
              />{' '}
              {hidden} other files
            </label>
          )}
        </div>
      </header>
      {folder.problem !== undefined && <p className="problem">{folder.problem}</p>}
      <table>
        <thead>
          <tr>
            <th aria-label="picture" />
            {head('path', 'result')}
            {head('kind', 'kind')}
            {head('date', 'analysed')}
            {head('number', 'numbers')}
          </tr>
        </thead>
        <tbody>
          {shown.map((entry, index) => (
            <tr
              key={entry.path}
              ref={index === place ? chosen : undefined}
              aria-selected={index === place}
              onClick={() => {
                setAt(index);
                open(entry);
              }}
            >
              <td className="picture">
                {isResult(entry) && (
                  <img
                    src={address('thumbnail', { file: entry.path, v: entry.modified })}
                    alt=""
                    loading="lazy"
                  />
                )}
              </td>
              <td>
                <a href={`#/${isResult(entry) ? 'result' : 'frames'}/${encodeURIComponent(entry.path)}`}>{entry.path}</a>
                <div className="note">{entry.input}</div>
              </td>
              <td>
                {entry.kind === 'frames' && folder.value?.jobs === true ? (
                  <a
                    href={`#/jobs/xpcs/${encodeURIComponent(entry.path)}`}
                    onClick={(event) => event.stopPropagation()}
                  >
                    analyse
                  </a>
                ) : (
                  entry.kind
                )}
              </td>
              <td className="date">{entry.date.replace('T', ' ').replace('Z', '')}</td>
              <td>
                <Numbers entry={entry} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length === 0 && !folder.busy && (
        <p className="note">No results here{filter === '' ? '' : ' that match'}.</p>
      )}
    </main>
  );
}
