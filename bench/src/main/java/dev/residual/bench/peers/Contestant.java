package dev.residual.bench.peers;

import dev.residual.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One way of doing the work, in a process of its own: two of them hold different builds of libtorch, which one process
 * cannot. It says a line of JSON about itself when it is ready; for each line on its standard input, which holds a number
 * of steps, it takes that many and says a line of JSON with the milliseconds that they took. Between its turns it waits
 * for the next line and uses no processor.
 */
interface Contestant {
    /** What there is to know before the first turn: {@code parameters}, {@code version}, {@code logits}. */
    Map<String, Object> about();

    /**
     * Takes so many steps.
     *
     * @return {@code images}, and what else there is to know of this turn
     */
    Map<String, Object> turn(int steps);

    /** Plays until the conductor closes the line. */
    static void play(Contestant contestant) throws IOException {
        say(contestant.about());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            long start = System.nanoTime();
            Map<String, Object> done = new LinkedHashMap<>(contestant.turn(Integer.parseInt(line)));
            done.put("milliseconds", (System.nanoTime() - start) / 1e6);
            say(done);
        }
    }

    static void say(Map<String, Object> message) {
        System.out.println(Json.compact(message));
        System.out.flush();
    }
}
