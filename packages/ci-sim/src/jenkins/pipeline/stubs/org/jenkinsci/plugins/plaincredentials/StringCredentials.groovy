package org.jenkinsci.plugins.plaincredentials

import hudson.util.Secret

class StringCredentials {
    Secret secret
}
