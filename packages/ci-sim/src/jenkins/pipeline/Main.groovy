import groovy.json.JsonOutput
import groovy.json.JsonSlurperClassic
import hudson.model.Run
import jenkins.model.Jenkins
import org.codehaus.groovy.control.CompilerConfiguration

/*
 * Runs Pipelines that use a library: one line of JSON from stdin each, and a line with what became of it. Groovy runs
 * as it is, without the transformation by which Jenkins makes a build resumable.
 */
CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: 'Steps')
GroovyClassLoader loader = new GroovyClassLoader(this.class.classLoader, configuration)
Map<String, Class> variables = new File(args[0], 'vars').listFiles().findAll { it.name.endsWith('.groovy') }
    .collectEntries { [it.name - '.groovy', loader.parseClass(it)] }

Map run(Map given, GroovyClassLoader loader, Map<String, Class> variables) {
    given.over?.each { Run.BUILDING.remove(it) }
    Run build = new Run(externalizableId: given.build, credentials: given.credentials)
    Run.BUILDING[given.build] = build
    Engine engine = new Engine(given.world)
    Jenkins.HERE.set([url: given.jenkins, authorization: given.authorization, stopped: { -> engine.stopped }])
    Binding binding = new Binding(engine: engine, env: given.env, currentBuild: [rawBuild: build])
    variables.each { name, type ->
        Script script = type.newInstance()
        script.binding = binding
        binding.setVariable(name, script)
    }
    String result = 'SUCCESS'
    try {
        Script script = (Script) loader.parseClass(given.script).newInstance()
        script.binding = binding
        engine.inTurn { script.run() }
    } catch (ThreadDeath ignored) {
        result = 'CRASHED'
    } catch (FlowInterruptedException e) {
        result = 'ABORTED'
    } catch (Exception e) {
        result = 'FAILURE'
        engine.log << (e.message ?: e.toString())
    } finally {
        if (result != 'CRASHED' && given.build in Run.BUILDING) Run.BUILDING.remove(given.build)
    }
    return [result: result, log: engine.log]
}

System.in.eachLine('UTF-8') { line ->
    Map given = (Map) new JsonSlurperClassic().parseText(line)
    Map became
    try {
        became = run(given, loader, variables)
    } catch (Throwable e) {
        StringWriter trace = new StringWriter()
        e.printStackTrace(new PrintWriter(trace))
        became = [result: 'BROKEN', log: [trace.toString()]]
    }
    println JsonOutput.toJson(became)
}
