package dev.residual.data;

import dev.residual.ResidualException;
import java.util.Arrays;

/**
 * A data set divided as a run uses it.
 *
 * @param train what is trained on
 * @param validation held out of the training set; may be empty
 * @param test never seen in training
 */
public record Split(ImageSet train, ImageSet validation, ImageSet test) {
    /** Sets the order of the images that are held out apart from every order that they are trained on in. */
    private static final long HOLD_OUT = 0x686f6c646f7574L; // "holdout"

    /**
     * Holds out the last images of the training set in an order drawn from the seed (the paper's "45k/5k train/validation
     * split" is 5,000 of CIFAR-10).
     */
    public static Split of(Dataset dataset, int validation, long seed) {
        int size = dataset.train().size();
        if (validation >= size) {
            throw new ResidualException("--validation " + validation + ": the training set has " + size + " images");
        }
        if (validation == 0) {
            return new Split(dataset.train(), dataset.train().first(0), dataset.test());
        }
        int[] order = Seed.permutation(size, Seed.mix(seed, HOLD_OUT));
        int kept = size - validation;
        return new Split(
                dataset.train().select(Arrays.copyOf(order, kept)),
                dataset.train().select(Arrays.copyOfRange(order, kept, size)),
                dataset.test());
    }
}
