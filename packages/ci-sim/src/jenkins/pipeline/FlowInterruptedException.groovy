/** A step was cut short: by a person, or because another branch failed. */
class FlowInterruptedException extends Exception {
    FlowInterruptedException(String message) { super(message) }
}
