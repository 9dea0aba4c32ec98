package com.cloudbees.plugins.credentials

import hudson.model.Run
import hudson.util.Secret
import org.jenkinsci.plugins.plaincredentials.StringCredentials

class CredentialsProvider {
    static StringCredentials findCredentialById(String id, Class<StringCredentials> type, Run run, Object... domains) {
        String text = run.credentials[id]
        return text == null ? null : new StringCredentials(secret: new Secret(plainText: text))
    }
}
