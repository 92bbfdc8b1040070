/**
 * Python's pickles, read without running them: an unpickler that makes values of its own list and nothing else. What a
 * pickle may hold is said by who reads it: weights, or a data set.
 */
package dev.residual.pickle;
