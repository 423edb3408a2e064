/**
 * Tests of the documents. They read each Markdown file of the repository and check what a reader would try: commands, settings, names of
 * classes and files, links, and the blocks that show what a command prints. CONTRIBUTING.md describes the syntax.
 */
package sluice.job.docs;
