package dev.residual.nn;

/** The probabilities of one image's classes, from its logits, in double. */
public final class Softmax {
    private final float[] logits;
    private final int from;
    private final int best;
    private final double sum;

    /**
     * @param logits of many images, one after the other
     * @param from where those of this one begin
     */
    public Softmax(float[] logits, int from, int classes) {
        this.logits = logits;
        this.from = from;
        int largest = 0;
        for (int c = 1; c < classes; c++) {
            largest = logits[from + c] > logits[from + largest] ? c : largest;
        }
        best = largest;
        double total = 0;
        for (int c = 0; c < classes; c++) {
            total += Math.exp(logits[from + c] - logits[from + best]);
        }
        sum = total;
    }

    /** The most probable class; the first of them where several are. */
    public int best() {
        return best;
    }

    public double probability(int c) {
        return Math.exp(logits[from + c] - logits[from + best]) / sum;
    }

    /** −log of a class's probability. */
    public double crossEntropy(int c) {
        return Math.log(sum) - (logits[from + c] - logits[from + best]);
    }
}
