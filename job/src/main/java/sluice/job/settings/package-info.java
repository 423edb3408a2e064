/**
 * Validated settings of a run. {@link sluice.job.settings.Settings} has all values of a run;
 * {@link sluice.job.settings.SettingKey} declares every key with its part in the settings hash, its use by SQL functions and its option.
 *
 * <p>May use {@code message}, {@code fingerprint} and {@code parquet}.
 */
package sluice.job.settings;
