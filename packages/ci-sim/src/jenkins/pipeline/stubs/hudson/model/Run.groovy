package hudson.model

/** A build. */
class Run {
    static final Map<String, Run> BUILDING = [:]
    String externalizableId
    Map<String, String> credentials = [:]

    boolean isBuilding() { BUILDING[externalizableId].is(this) }

    static Run fromExternalizableId(String id) {
        if (!id.contains('#')) throw new IllegalArgumentException("Invalid id")
        return BUILDING[id]
    }
}
