namespace Hikyaku.Deploy.Tests.Integration;

/// <summary>Each rule finds what it is for: one fault planted into the overlay <c>small</c>, and nothing else is found.</summary>
public class Faults_of_manifests
{
    private const string Accounts = "Deployment accounts", Node = "StatefulSet mailnode";

    [Theory]
    [InlineData(Accounts, "selector:\n    matchLabels:\n      app.kubernetes.io/name: accounts", "selector:\n    matchLabels:\n      app.kubernetes.io/name: books", "accounts: the selector differs from the pods' labels")]
    [InlineData(Accounts, "selector:\n    matchLabels:\n      app.kubernetes.io/name: accounts", "selector:\n    matchLabels:\n      app.kubernetes.io/component: program", "accounts: the selector takes pods of others, too")]
    [InlineData("Service accounts", "app.kubernetes.io/name: accounts", "app.kubernetes.io/name: books", "Service accounts does not select one workload")]
    [InlineData(Node, "serviceName: mailnodes", "serviceName: mail", "mailnode: mail is no headless Service")]
    [InlineData(Accounts, "component: program\n        matchLabelKeys", "component: books\n        matchLabelKeys", "accounts: spreads other pods")]
    public Task A_wrong_selector_is_found(string where, string from, string to, string fault) => FindsAsync(where, from, to, [Selectors.FaultsOf], fault);

    [Theory]
    [InlineData("Service accounts", "targetPort: http", "targetPort: https", "Service accounts: its pods have no port https")]
    [InlineData("Service accounts", "port: 18010", "port: 99999", "Service accounts: 99999 is no port")]
    [InlineData(Accounts, "path: /health/ready\n            port: http", "path: /health/ready\n            port: https", "accounts/program: a probe asks port https, which it does not have")]
    [InlineData(Accounts, "containerPort: 18010\n          name: http", "containerPort: 18010\n          name: HTTP_of_accounts", "accounts: HTTP_of_accounts 18010 is no port", "Service accounts: its pods have no port http", "accounts/program: a probe asks port http, which it does not have", "NetworkPolicy accounts: there is no port http at accounts", "NetworkPolicy gateway: there is no port http at accounts", "NetworkPolicy mailnode: there is no port http at accounts")]
    [InlineData(Node, "containerPort: 18993", "containerPort: 18143", "mailnode: port 18143 is there twice")]
    [InlineData("NetworkPolicy accounts", "port: http", "port: https", "NetworkPolicy accounts: there is no port https at accounts")]
    [InlineData("HTTPRoute panel", "port: 18001", "port: 18002", "HTTPRoute panel: there is no Service panel with port 18002")]
    public Task A_port_that_is_not_there_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [Ports.FaultsOf], faults);

    [Theory]
    [InlineData(Accounts, "name: operator", "name: operators", "accounts: the Secret operators password is not on the list of what comes from outside")]
    [InlineData(Accounts, "key: password\n              name: operator", "key: word\n              name: operator", "accounts: the Secret operator word is not on the list of what comes from outside")]
    [InlineData(Accounts, "mountPath: /run/hikyaku/data\n          name: data-key", "mountPath: /run/hikyaku/data\n          name: data", "accounts/program: there is no volume data", "accounts: nobody mounts data-key")]
    [InlineData(Accounts, "serviceAccountName: hikyaku", "serviceAccountName: accounts", "accounts: there is no ServiceAccount accounts")]
    [InlineData("Deployment panel", "claimName: panel-keys", "claimName: panel-key", "panel: there is no claim panel-key")]
    [InlineData("Deployment webmail", "key: POD_NETWORKS", "key: POD_NETWORK", "webmail: there is no POD_NETWORK in a ConfigMap settings")]
    [InlineData("User spam", "name: rabbitmq-spam", "name: rabbitmq-ham", "User: the Secret rabbitmq-ham password is not on the list of what comes from outside")]
    [InlineData("Namespace hikyaku", "kind: Namespace", "kind: Secret", "Secret hikyaku is in a manifest")]
    public Task A_reference_to_nothing_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [References.FaultsOf], faults);

    [Theory]
    [InlineData(Accounts, "@$(RABBITMQ_HOST):5672/hikyaku", "@$(RABBIT_HOST):5672/hikyaku", "accounts/program: Hikyaku__Rabbit names RABBIT_HOST, which is not known there")]
    [InlineData(Accounts, "name: ASPNETCORE_URLS", "name: POSTGRES_HOST", "accounts/program: POSTGRES_HOST is there twice")]
    [InlineData(Node, "subPathExpr: $(NODE)", "subPathExpr: $(POD)", "mailnode/agent: a volume names POD, which is not known there")]
    public Task A_variable_that_nobody_sets_is_found(string where, string from, string to, string fault) => FindsAsync(where, from, to, [Variables.FaultsOf], fault);

    [Theory]
    [InlineData(Accounts, "path: /health/live\n            port: http\n          periodSeconds: 10", "path: /health/ready\n            port: http\n          periodSeconds: 10", "accounts/program would be killed while its database is away")]
    [InlineData(Accounts, "path: /health/live\n            port: http\n          periodSeconds: 5", "path: /health/ready\n            port: http\n          periodSeconds: 5", "accounts/program: all copies would be taken away together")]
    [InlineData(Accounts, "path: /health/ready", "path: /health/live", "accounts/program: a release that cannot work would replace one that does")]
    [InlineData(Node, "startupProbe:\n          failureThreshold: 60\n          httpGet:\n            path: /health/live", "readinessProbe:\n          failureThreshold: 60\n          httpGet:\n            path: /health/ready", "mailnode/agent has a readiness probe: mail would stop with the broker")]
    [InlineData("Deployment webmail", "readinessProbe:", "startupProbe:", "webmail: nobody says when it can serve")]
    [InlineData("Deployment webmail", "        livenessProbe:\n          failureThreshold: 6\n", "        startupProbe:\n          failureThreshold: 6\n", "webmail/nginx has no liveness probe")]
    public Task A_wrong_probe_is_found(string where, string from, string to, string fault) => FindsAsync(where, from, to, [Probes.FaultsOf], fault);

    [Theory]
    [InlineData(Accounts, "memory: 512Mi", "memory: 64Mi", "accounts/program needs more memory than it may have")]
    [InlineData(Accounts, "limits:\n            memory: 512Mi", "limits:\n            cpu: 2", "accounts/program has no limit of memory", "accounts/program has a limit of CPU, which makes it slow while the machine has time")]
    [InlineData(Accounts, "cpu: 50m\n            memory: 128Mi", "cpu: 50m", "accounts/program does not say what it needs")]
    [InlineData(Accounts, "emptyDir:\n          sizeLimit: 256Mi", "emptyDir: {}", "accounts: tmp may fill the machine's disk")]
    public Task A_container_without_bounds_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [Resources.FaultsOf], faults);

    [Theory]
    [InlineData(Accounts, "runAsNonRoot: true", "runAsNonRoot: false", "accounts may run as root")]
    [InlineData(Accounts, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "accounts/program may write into its image")]
    [InlineData(Accounts, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true", "accounts/program may get more rights than it has")]
    [InlineData(Accounts, "drop:\n            - ALL", "drop:\n            - NET_RAW", "accounts/program keeps capabilities")]
    [InlineData(Accounts, "drop:\n            - ALL", "add:\n            - CHOWN\n            drop:\n            - ALL", "accounts/program has the capability CHOWN")]
    [InlineData(Accounts, "type: RuntimeDefault", "type: Unconfined", "accounts may call all of the kernel")]
    [InlineData(Accounts, "automountServiceAccountToken: false", "automountServiceAccountToken: true", "accounts gets a token of the API server")]
    [InlineData(Accounts, "enableServiceLinks: false", "hostNetwork: true", "accounts shares the machine's namespaces")]
    [InlineData(Accounts, "emptyDir:\n          sizeLimit: 256Mi", "hostPath:\n          path: /", "accounts: tmp is a folder of the machine")]
    [InlineData(Accounts, "containerPort: 18010", "containerPort: 18010\n          hostPort: 80", "accounts/program takes port 80 of the machine")]
    [InlineData(Accounts, "readOnlyRootFilesystem: true", "privileged: true\n          readOnlyRootFilesystem: true", "accounts/program is privileged")]
    [InlineData(Node, "- SYS_PTRACE", "- SYS_ADMIN", "mailnode/agent has the capability SYS_ADMIN")]
    public Task Too_many_rights_are_found(string where, string from, string to, string fault) => FindsAsync(where, from, to, [Security.FaultsOf], fault);

    [Theory]
    [InlineData("PodDisruptionBudget accounts", "app.kubernetes.io/name: accounts", "app.kubernetes.io/name: books", "accounts has 0 PodDisruptionBudgets", "PodDisruptionBudget accounts does not select one workload")]
    [InlineData("PodDisruptionBudget accounts", "maxUnavailable: 1", "minAvailable: 1", "accounts: its budget is not one copy at a time")]
    [InlineData(Accounts, "topologyKey: kubernetes.io/hostname", "topologyKey: kubernetes.io/os", "accounts: all copies may be on one machine")]
    [InlineData(Accounts, "topologyKey: topology.kubernetes.io/zone", "topologyKey: kubernetes.io/os", "accounts: all copies may be in one zone")]
    [InlineData(Accounts, "terminationGracePeriodSeconds: 40", "terminationGracePeriodSeconds: 5", "accounts has too little time to end")]
    [InlineData(Accounts, "maxUnavailable: 0", "maxUnavailable: 1", "accounts: a release takes a copy away before there is a new one")]
    [InlineData(Accounts, "seconds: 5", "seconds: 0", "accounts/program ends while requests still come")]
    [InlineData(Node, "whenScaled: Retain", "whenScaled: Delete", "mailnode: volumes are deleted with their pods")]
    public Task An_interruption_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [Disruption.FaultsOf], faults);

    [Theory]
    [InlineData("NetworkPolicy default-deny", "- Ingress\n", "", "there is no policy that denies everything")]
    [InlineData("NetworkPolicy accounts", "- Ingress\n", "", "accounts has no policy of its own")]
    [InlineData("NetworkPolicy accounts", "    ports:\n    - port: http\n      protocol: TCP\n", "", "NetworkPolicy accounts lets everybody in, or to all ports")]
    [InlineData("NetworkPolicy accounts", "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: accounts", "  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: books", "accounts has no policy of its own", "NetworkPolicy accounts is about no pod")]
    [InlineData("NetworkPolicy accounts", "    to:\n    - podSelector:\n        matchLabels:\n          hikyaku.example/serves: postgres\n", "", "NetworkPolicy accounts lets out to everywhere")]
    public Task An_open_door_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [Isolation.FaultsOf], faults);

    [Theory]
    [InlineData("NetworkPolicy accounts", "app.kubernetes.io/name: gateway", "app.kubernetes.io/name: panel", "accounts does not let gateway in", "accounts lets panel in")]
    [InlineData("NetworkPolicy accounts", "hikyaku.example/serves: postgres", "hikyaku.example/serves: rabbitmq", "accounts is not let out to postgres")]
    [InlineData("NetworkPolicy panel", "app.kubernetes.io/name: gateway", "app.kubernetes.io/name: accounts", "panel is not let out to gateway", "panel is let out to accounts")]
    [InlineData("NetworkPolicy mailnode", "port: smtp", "port: agent", "mailnode: port agent is open")]
    [InlineData("NetworkPolicy webmail", "hikyaku.example/edge", "hikyaku.example/telemetry", "webmail does not let edge in", "webmail lets another namespace in")]
    public Task Traffic_that_nobody_asked_for_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [Traffic.FaultsOf], faults);

    [Theory]
    [InlineData(Accounts, "containerPort: 18010", "containerPort: 18011", "accounts does not listen on 18010")]
    [InlineData("Service accounts", "port: 18010", "port: 18011", "accounts has no Service with port 18010")]
    [InlineData(Accounts, "Database=accounts;", "Database=routing;", "accounts uses another database than accounts")]
    [InlineData(Accounts, "Hikyaku__RabbitNodes", "Hikyaku__RabbitOfNodes", "accounts: its way to mail nodes is missing, or is not wanted")]
    [InlineData(Accounts, "secretName: token-public", "secretName: token-private", "accounts: the key of tokens is missing, or is not wanted")]
    [InlineData(Accounts, "secretName: data-key", "secretName: doveadm", "accounts: the key of data is missing, or is not wanted")]
    [InlineData(Accounts, "name: mailnode-hashes", "name: mailnode-credentials", "accounts: the hashes of mail nodes are missing, or are not wanted")]
    [InlineData(Accounts, "name: rabbitmq-accounts", "name: rabbitmq-spam", "accounts: its password at the broker is missing, or is not wanted")]
    [InlineData(Accounts, "value: routing,spam", "value: spam", "accounts does not wait for all that erase")]
    [InlineData(Accounts, "value: routing,spam", "value: routing,panel,spam", "accounts waits for others than erase")]
    [InlineData("Deployment gateway", "http://spam:18013", "http://spam:18014", "gateway: Hikyaku__Services__spam=http://spam:18013 is missing, or is not wanted", "gateway: Hikyaku__Services__spam=http://spam:18014 is missing, or is not wanted")]
    [InlineData("Deployment panel", "name: ASPNETCORE_URLS", "name: ConnectionStrings__Postgres", "panel has a database that its line does not name, or the other way round")]
    [InlineData("Deployment panel", "  name: panel\n", "  name: panels\n", "panel is missing", "panels has no line in deploy/services.tsv")]
    public Task A_program_unlike_its_line_is_found(string where, string from, string to, params string[] faults) => FindsAsync(where, from, to, [Programs.FaultsOf], faults);

    [Theory]
    [InlineData("containers:", "container:")]
    [InlineData("terminationGracePeriodSeconds: 40", "terminationGraceSeconds: 40")]
    public async Task A_field_that_Kubernetes_does_not_know_is_refused(string from, string to)
    {
        var text = await PlantAsync(Accounts, from, to);

        Assert.ThrowsAny<Exception>(() => Manifests.Read(text, Overlay.Outside));
    }

    [Fact]
    public async Task A_number_of_copies_beside_an_autoscaler_is_found()
    {
        var production = await Overlay.TextOf("production");
        var text = production.Replace("scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: gateway", "scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: panel", StringComparison.Ordinal);

        Assert.NotEqual(production, text);
        Assert.Equal(["HorizontalPodAutoscaler gateway: there is no such workload, or it has a number of its own"], Selectors.FaultsOf(Manifests.Read(text, Overlay.Outside)));
    }

    private static async Task FindsAsync(string where, string from, string to, Func<Manifests, IEnumerable<string>>[] rules, params string[] faults)
    {
        var manifests = Manifests.Read(await PlantAsync(where, from, to), Overlay.Outside);

        Assert.Equal(faults.Order(StringComparer.Ordinal), rules.SelectMany(r => r(manifests)).Order(StringComparer.Ordinal));
    }

    // Into one object, "KIND NAME": the first place in it where the text is.
    private static async Task<string> PlantAsync(string where, string from, string to)
    {
        var (kind, name) = (where.Split(' ')[0], where.Split(' ')[1]);
        var objects = (await Overlay.TextOf("small")).Split("\n---\n");
        var index = Array.FindIndex(objects, o => o.Contains($"kind: {kind}\n", StringComparison.Ordinal) && $"{o}\n".Contains($"\n  name: {name}\n", StringComparison.Ordinal));
        Assert.True(index >= 0, $"There is no {where}");
        var at = objects[index].IndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, $"{where} does not hold {from}");
        objects[index] = objects[index][..at] + to + objects[index][(at + from.Length)..];
        return string.Join("\n---\n", objects);
    }
}
