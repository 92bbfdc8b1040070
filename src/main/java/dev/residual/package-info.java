/**
 * What every other package uses: the exception whose message is for the person at the terminal, atomic files, locks, JSON,
 * names and digests. Nothing here knows networks.
 */
package dev.residual;
