import classes from "./homelab-picture.module.css";

const MACHINES = [
  { y: 117, name: "nas", detail: "4 disks", fill: 0.72 },
  { y: 153, name: "proxy", detail: "1 core", fill: 0.3 },
  { y: 189, name: "media", detail: "8 GB", fill: 0.52 },
];

/** A drawing of what a homelab is here: a house whose rack holds a few machines. Made of the page's own colours. */
export function HomelabPicture() {
  return (
    <svg
      className={classes.picture}
      viewBox="0 0 400 290"
      role="img"
      aria-label="A house with a rack of three machines"
    >
      <ellipse className={classes.ground} cx="200" cy="262" rx="178" ry="13" />
      <path className={classes.wall} d="M82 116 200 34l118 82v132a12 12 0 0 1-12 12H94a12 12 0 0 1-12-12Z" />
      <path className={classes.roof} d="M62 130 200 32l138 98" />
      <rect className={classes.rack} x="122" y="108" width="156" height="122" rx="11" />
      {MACHINES.map(({ y, name, detail, fill }) => (
        <g key={name}>
          <rect className={classes.machine} x="131" y={y} width="138" height="31" rx="6" />
          <circle className={classes.light} cx="145" cy={y + 15.5} r="4" />
          <text className={classes.name} x="157" y={y + 13.5}>
            {name}
          </text>
          <text className={classes.detail} x="157" y={y + 25}>
            {detail}
          </text>
          <rect className={classes.track} x="214" y={y + 12.5} width="46" height="6" rx="3" />
          <rect className={classes.used} x="214" y={y + 12.5} width={46 * fill} height="6" rx="3" />
        </g>
      ))}
      <path className={classes.cable} d="M200 230v16" />
      <circle className={classes.socket} cx="200" cy="248" r="5" />
    </svg>
  );
}
