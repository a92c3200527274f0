import { Hono } from "hono";
export const consoleRoutes = (_: unknown) => new Hono();
