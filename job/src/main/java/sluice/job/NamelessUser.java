package sluice.job;

import org.apache.hadoop.security.UserGroupInformation;

/**
 * A Java agent for a process whose user the operating system knows by a number only, as in many containers. Hadoop's login fails for such a
 * user, also if {@code HADOOP_USER_NAME} is set, and Spark logs in before it calls {@link Main}. So the login is done here, before that.
 */
public final class NamelessUser {
    private NamelessUser() {}

    /**
     * Logs in. With Kerberos the ticket names the user, so there is nothing to do.
     *
     * @param name that Hadoop knows the user by
     */
    public static void premain(String name) {
        if (!UserGroupInformation.isSecurityEnabled()) {
            UserGroupInformation.setLoginUser(UserGroupInformation.createRemoteUser(name));
        }
    }
}
