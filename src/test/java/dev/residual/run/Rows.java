package dev.residual.run;

/** Rows of metrics for tests. */
public final class Rows {
    private Rows() {}

    public static Metrics row(int epoch, long iteration, double rate, Score train, Score test, double seconds) {
        return new Metrics(epoch, iteration, rate, train, test, Score.NONE, new Metrics.Time(seconds, 1500));
    }
}
