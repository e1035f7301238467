namespace Hikyaku.Deploy.Tests;

/// <summary>The scheduler knows what a container needs, and none takes the memory of its neighbours.</summary>
internal static class Resources
{
    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        foreach (var (name, container) in manifests.Workloads.SelectMany(w => w.AllContainers.Select(c => ($"{w.Name}/{c.Name}", c))))
        {
            var (requests, limits) = (container.Resources?.Requests, container.Resources?.Limits);
            if (requests?.ContainsKey("cpu") != true || requests?.ContainsKey("memory") != true) yield return $"{name} does not say what it needs";
            if (limits?.ContainsKey("memory") != true) yield return $"{name} has no limit of memory";
            else if (requests?.TryGetValue("memory", out var needed) == true && needed.ToDecimal() > limits["memory"].ToDecimal()) yield return $"{name} needs more memory than it may have";
            if (limits?.ContainsKey("cpu") == true) yield return $"{name} has a limit of CPU, which makes it slow while the machine has time";
        }

        foreach (var volume in manifests.Workloads.SelectMany(w => (w.Pod.Volumes ?? []).Where(v => v.EmptyDir is { SizeLimit: null }).Select(v => $"{w.Name}: {v.Name}"))) yield return $"{volume} may fill the machine's disk";
    }
}
