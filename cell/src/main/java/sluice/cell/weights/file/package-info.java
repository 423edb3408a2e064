/**
 * What all readers share: what a model file is, and answers; its bytes, zip archives, JSON, and the shapes and values of
 * tensors, each checked before it is believed.
 */
package sluice.cell.weights.file;
