import classes from "./logo.module.css";

/** The mark: a roof over a rack, on the accent. */
export function LogoMark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8.5" fill="#5b5bd6" />
      <path
        d="M7.5 14.25 16 7.25l8.5 7"
        fill="none"
        stroke="#fff"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <rect x="10" y="16" width="12" height="3.4" rx="1.7" fill="#fff" />
      <rect x="10" y="21.6" width="12" height="3.4" rx="1.7" fill="#fff" opacity=".72" />
      <circle cx="19.9" cy="17.7" r=".95" fill="#5b5bd6" />
      <circle cx="19.9" cy="23.3" r=".95" fill="#5b5bd6" />
    </svg>
  );
}

/** The mark with the name. `suffix` says which portal this is ("Admin"). */
export function Logo({ size = 28, suffix }: { size?: number; suffix?: string }) {
  return (
    <span className={classes.logo} style={{ fontSize: size * 0.72 }}>
      <LogoMark size={size} />
      <span>kombify</span>
      {suffix ? <span className={classes.suffix}>{suffix}</span> : null}
    </span>
  );
}
