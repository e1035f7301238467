namespace Hikyaku.Deploy.Tests;

/// <summary>
/// The profile "restricted" of Kubernetes' pod security for all pods but those whose servers start as root; these have the capabilities
/// that are named here, and no more.
/// </summary>
internal static class Security
{
    private static readonly string[] StartAsRoot = ["mailnode", "webmail"];

    private static readonly Dictionary<string, string[]> Capabilities = new()
    {
        ["mailnode/render"] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"],
        ["mailnode/agent"] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID", "SYS_PTRACE"],
        ["mailnode/dovecot"] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID", "SYS_CHROOT"],
        ["mailnode/postfix"] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID", "SYS_CHROOT"],
        ["mailnode/rspamd"] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
        ["mailnode/scanner"] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
        ["mailnode/clamav"] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
        ["mailnode/redis"] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
        ["mailnode/srs"] = ["DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
        ["webmail/render"] = ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        ["webmail/php"] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
        ["webmail/nginx"] = ["CHOWN", "DAC_OVERRIDE", "KILL", "SETGID", "SETUID"],
    };

    public static IEnumerable<string> FaultsOf(Manifests manifests) => manifests.Workloads.SelectMany(FaultsOf);

    private static IEnumerable<string> FaultsOf(Workload workload)
    {
        var (name, pod) = (workload.Name, workload.Pod);
        if (pod.HostNetwork == true || pod.HostPID == true || pod.HostIPC == true) yield return $"{name} shares the machine's namespaces";
        if (pod.AutomountServiceAccountToken != false) yield return $"{name} gets a token of the API server";
        if (pod.SecurityContext?.SeccompProfile?.Type != "RuntimeDefault") yield return $"{name} may call all of the kernel";
        if (!StartAsRoot.Contains(name) && pod.SecurityContext is not { RunAsNonRoot: true, RunAsUser: > 0 }) yield return $"{name} may run as root";
        foreach (var volume in (pod.Volumes ?? []).Where(v => v.HostPath is not null)) yield return $"{name}: {volume.Name} is a folder of the machine";
        foreach (var container in workload.AllContainers)
        {
            var (full, context) = ($"{name}/{container.Name}", container.SecurityContext);
            if (context?.Privileged == true) yield return $"{full} is privileged";
            if (context?.AllowPrivilegeEscalation != false) yield return $"{full} may get more rights than it has";
            if (context?.ReadOnlyRootFilesystem != true) yield return $"{full} may write into its image";
            if (context?.Capabilities?.Drop?.SequenceEqual(["ALL"]) != true) yield return $"{full} keeps capabilities";
            foreach (var capability in (context?.Capabilities?.Add ?? []).Except(Capabilities.GetValueOrDefault(full, []))) yield return $"{full} has the capability {capability}";
            foreach (var port in (container.Ports ?? []).Where(p => p.HostPort is not null)) yield return $"{full} takes port {port.HostPort} of the machine";
        }
    }
}
