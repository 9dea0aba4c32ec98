/** A runner that registers itself does so under its VM's name and id (the agent's `registrationName`). */
const NAME = /-(?<vmId>[a-z0-9]{16})$/;

/** The VM whose runner registered itself under this name; undefined when the name is not one of ours. */
export function vmRegisteredAs(name: string): string | undefined {
  return NAME.exec(name)?.groups?.["vmId"];
}
