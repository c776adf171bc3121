/** Height of a line of the outline, in CSS pixels. */
export const LINE_HEIGHT = 22;
