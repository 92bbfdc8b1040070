package dev.residual.distributed;

import dev.residual.tensor.Device;
import dev.residual.tensor.Scope;
import dev.residual.tensor.Tensors;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.chrono.Milliseconds;
import org.bytedeco.pytorch.GlooDeviceVector;
import org.bytedeco.pytorch.ProcessGroupGloo;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRef;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Work;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** c10d's {@code ProcessGroupGloo}: collectives over TCP, in the machines' memory. */
final class GlooGroup implements ProcessGroup {
    /** PyTorch's for Gloo. A process that is lost is noticed by {@link Watch}; this is for one that lives and hangs. */
    private static final Duration COLLECTIVE_TIMEOUT = Duration.ofMinutes(30);

    private static final Duration POLL = Duration.ofSeconds(1);

    /** Bytes sent at once: the watch takes a network for broken where nothing is done for long. */
    private static final int CHUNK = 4 << 20;

    private final World.Place place;
    private final Watch watch;
    private final ProcessGroupGloo group;
    private double seconds;

    /** @param address of this machine that the others connect to */
    GlooGroup(World.Place place, SharedStore store, InetAddress address, Watch watch) {
        this.place = place;
        this.watch = watch;
        try (Scope scope = Scope.open()) {
            ProcessGroupGloo.Options options =
                    ProcessGroupGloo.Options.create(new Milliseconds(COLLECTIVE_TIMEOUT.toMillis()));
            options.devices(new GlooDeviceVector(ProcessGroupGloo.createDeviceForHostname(address.getHostAddress())));
            options.threads(1);
            group = scope.keep(new ProcessGroupGloo(store.values(), place.rank(), place.size(), options));
        } catch (RuntimeException e) {
            throw watch.lost(e);
        }
    }

    @Override
    public int rank() {
        return place.rank();
    }

    @Override
    public int size() {
        return place.size();
    }

    @Override
    public double[] allReduce(Tensor gradients, double... values) {
        long start = System.nanoTime();
        double[] sums = sum(gradients, values);
        seconds += (System.nanoTime() - start) / 1e9;
        return sums;
    }

    @Override
    public double allReduceSeconds() {
        return seconds;
    }

    private double[] sum(Tensor gradients, double... values) {
        try (Scope scope = Scope.inference()) {
            float[] floats = new float[values.length];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = (float) values[i];
            }
            Tensor all = torch.cat(new TensorArrayRef(
                    new TensorVector(Device.CPU.move(gradients), Tensors.of(floats, floats.length))));
            await(all, group::allreduce);
            gradients.copy_(all.narrow(0, 0, gradients.numel()));
            float[] sums = Tensors.floats(all.narrow(0, gradients.numel(), floats.length));
            double[] result = new double[sums.length];
            for (int i = 0; i < sums.length; i++) {
                result[i] = sums[i];
            }
            return result;
        }
    }

    @Override
    public double[] allReduce(double... values) {
        try (Scope scope = Scope.inference()) {
            Tensor all = Tensors.empty(ScalarType.Double, values.length);
            DoublePointer memory = new DoublePointer(all.data_ptr());
            memory.put(values, 0, values.length);
            await(all, group::allreduce);
            double[] sums = new double[values.length];
            memory.get(sums, 0, sums.length);
            return sums;
        }
    }

    @Override
    public void broadcast(Tensor values) {
        try (Scope scope = Scope.inference()) {
            Tensor here = Device.CPU.move(values).contiguous();
            await(here, group::broadcast);
            values.copy_(here);
        }
    }

    @Override
    public byte[] broadcast(byte[] bytes) {
        int length = (int) allReduce(rank() == 0 ? bytes.length : 0)[0];
        try (Scope scope = Scope.inference()) {
            Tensor all = Tensors.empty(ScalarType.Byte, length);
            BytePointer memory = new BytePointer(all.data_ptr());
            if (rank() == 0) {
                memory.put(bytes, 0, length);
            }
            for (int at = 0; at < length; at += CHUNK) {
                await(all.narrow(0, at, Math.min(CHUNK, length - at)), group::broadcast);
            }
            byte[] received = new byte[length];
            memory.get(received, 0, length);
            return received;
        }
    }

    @Override
    public boolean isBroken() {
        return watch.isBroken();
    }

    /** Waits in small steps, so that news from the watch ends it. */
    private void await(Tensor tensor, Function<TensorVector, Work> collective) {
        watch.enterOrLeave();
        try {
            Work work = collective.apply(new TensorVector(tensor));
            while (!isDone(work)) {
                watch.requireAll();
            }
        } catch (RuntimeException e) {
            throw watch.lost(e);
        } finally {
            watch.enterOrLeave();
        }
    }

    private static boolean isDone(Work work) {
        try {
            return work._wait(new Milliseconds(POLL.toMillis()));
        } catch (RuntimeException e) {
            if (String.valueOf(e.getMessage()).startsWith("Operation timed out")) {
                return false;
            }
            throw e;
        }
    }

    /** Only after success: otherwise Gloo's threads may wait for a lost process, and end with this one. */
    void close() {
        group.close();
    }
}
