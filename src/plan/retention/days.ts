/** Names of days and months as plans write them, in the order in which the calendar counts them. */
export const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

export const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
] as const;

/** `january 1`: the month, then the day. */
export const dayOfYearPattern = new RegExp(`^(${months.join('|')}) ([1-9]|[12]\\d|3[01])$`);
