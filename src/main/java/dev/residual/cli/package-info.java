/**
 * The command line: a class for each command, with its options, what it calls and what it prints. What a command does is in
 * the packages below, so that a Java program can do it too.
 */
package dev.residual.cli;
