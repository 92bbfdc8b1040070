package dev.residual.model;

import dev.residual.tensor.ScriptWriter;

/** A module that can be part of a {@link dev.residual.tensor.Script}. */
public interface Scripted extends Module {
    /**
     * Writes down how it is computed in a network that is only read.
     *
     * @param x may be overwritten when the script is played
     * @param folded the numbers, see {@link FoldedState}
     * @return what it gives
     */
    ScriptWriter.Result write(ScriptWriter.Result x, ScriptWriter writer, State folded);
}
