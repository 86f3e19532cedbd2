/** A table that is one on a wide screen, and on a telephone a list in which each cell says what it is. */
import { markup, type Markup } from "../../markup.ts"

type Shown = Markup | string | number | ReadonlyArray<Markup> | undefined

export interface Column<A> {
  readonly heading: string
  readonly cell: (row: A) => Shown
  /** Figures stand below each other. */
  readonly figures?: boolean
  readonly look?: (row: A) => "good" | "warn" | "bad" | "soft" | undefined
}

/** The first column names the row. The roles are said, since a style that lays a table out otherwise takes them away. */
export const table = <A>(
  caption: string,
  [first, ...others]: readonly [Column<A>, ...ReadonlyArray<Column<A>>],
  rows: ReadonlyArray<A>
): Markup =>
  markup`<table role="table" aria-label="${caption}">
    <thead role="rowgroup"><tr role="row">
      ${[first, ...others].map(({ heading }) => markup`<th role="columnheader" scope="col">${heading}</th>`)}
    </tr></thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) => markup`<tr role="row">
        <th role="rowheader" scope="row">${first.cell(row)}</th>
        ${others.map((column) => cellOf(column, row))}
      </tr>`
      )}
    </tbody>
  </table>`

const cellOf = <A>({ cell, figures, heading, look }: Column<A>, row: A) => {
  const classes = [...(figures === true ? ["n"] : []), ...(look === undefined ? [] : [look(row) ?? ""])]
  return markup`<td role="cell" data-label="${heading}" class="${classes.join(" ")}">${cell(row)}</td>`
}
