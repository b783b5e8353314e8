// A range by the keyboard.

/** Two numbers and a button; `of` says what they are to who cannot see them. */
export function RangeInputs({ of, range, change }: {
  of: [string, string];
  range: [number, number] | undefined;
  change: (range: [number, number]) => void;
}) {
  const field = (name: 'lower' | 'upper', label: string, value: number | undefined, empty: string) => (
    <input
      key={`${name} ${value}`} // another range from elsewhere is shown
      className="number"
      name={name}
      aria-label={label}
      defaultValue={value}
      placeholder={empty}
    />
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const form = new FormData(event.currentTarget);
        const [lower, upper] = [Number(form.get('lower')), Number(form.get('upper'))];
        if (lower < upper) {
          change([lower, upper]);
        }
      }}
    >
      {field('lower', of[0], range?.[0], 'from')} {field('upper', of[1], range?.[1], 'to')}{' '}
      <button type="submit">choose</button>
    </form>
  );
}
