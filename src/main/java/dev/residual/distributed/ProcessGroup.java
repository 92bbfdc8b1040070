package dev.residual.distributed;

import org.bytedeco.pytorch.Tensor;

/**
 * The collectives of all processes that train one network. Each is called by all of them, in the same order; one that is
 * lost makes it throw a {@link dev.residual.ResidualException} in the others.
 */
public interface ProcessGroup {
    /** One process. */
    ProcessGroup ALONE = new ProcessGroup() {
        @Override
        public int rank() {
            return 0;
        }

        @Override
        public int size() {
            return 1;
        }

        @Override
        public double[] allReduce(Tensor gradients, double... values) {
            return values;
        }

        @Override
        public double[] allReduce(double... values) {
            return values;
        }

        @Override
        public void broadcast(Tensor values) {}

        @Override
        public byte[] broadcast(byte[] bytes) {
            return bytes;
        }

        @Override
        public boolean isBroken() {
            return false;
        }

        @Override
        public double allReduceSeconds() {
            return 0;
        }
    };

    /** The number of this process, from 0. */
    int rank();

    /** Processes in all. */
    int size();

    /**
     * Sums over all processes, in one message.
     *
     * @param gradients float32, one dimension; replaced by their sums
     * @return the sums of the values, rounded to float32
     */
    double[] allReduce(Tensor gradients, double... values);

    /** @return sums over all processes */
    double[] allReduce(double... values);

    /** Replaces a float32 tensor by process 0's. */
    void broadcast(Tensor values);

    /** @return process 0's */
    byte[] broadcast(byte[] bytes);

    /** Whether a process is known to be lost: the next collective will throw. */
    boolean isBroken();

    /** Spent in summing up gradients, waiting for slower processes included. */
    double allReduceSeconds();
}
