import { join } from 'node:path';

export interface CephPlaces {
  readonly folder: string;
  readonly identity: string;
  readonly kind: 'memory' | 'disk';
  readonly gatewayPort: number;
  readonly monitorPort: number;
  readonly oldMonitorPort: number;
}

/**
 * One node of everything, on loopback. Signatures between the parts stay on: the gateway hangs for ever without. Both addresses of the
 * monitor are named and IPv6 is off, or the object daemon goes round in circles.
 */
export function cephConf({ folder, identity, kind, gatewayPort, monitorPort }: CephPlaces): string {
  const settings: Record<string, string | number | boolean> = {
    fsid: identity,
    mon_initial_members: 'a',
    mon_host: `[v2:127.0.0.1:${monitorPort}/0]`,
    keyring: join(folder, 'keyring'),
    osd_pool_default_size: 1,
    osd_pool_default_min_size: 1,
    osd_pool_default_pg_num: 4,
    osd_pool_default_pgp_num: 4,
    mon_allow_pool_size_one: true,
    mon_warn_on_pool_no_redundancy: false,
    osd_crush_chooseleaf_type: 0,
    osd_pg_autoscale_mode: 'off',
    osd_pool_default_pg_autoscale_mode: 'off',
    mon_max_pg_per_osd: 1000,
    run_dir: folder,
    admin_socket: join(folder, '$name.asok'),
    log_file: join(folder, 'log', '$name.log'),
    pid_file: join(folder, '$name.cephpid'),
    mon_data: join(folder, 'mon'),
    osd_data: join(folder, 'osd'),
    mgr_data: join(folder, 'mgr'),
    ms_bind_ipv4: true,
    ms_bind_ipv6: false,
    public_addr: '127.0.0.1',
    cluster_addr: '127.0.0.1',
    osd_objectstore: kind === 'memory' ? 'memstore' : 'bluestore',
    memstore_device_bytes: 4 * 2 ** 30,
    bluestore_block_size: 10 * 2 ** 30,
    osd_memory_target: 896 * 2 ** 20,
    osd_max_object_name_len: 256,
    osd_max_object_namespace_len: 64,
    mon_data_avail_crit: 1,
    mon_data_avail_warn: 2,
    auth_allow_insecure_global_id_reclaim: true,
    mon_warn_on_insecure_global_id_reclaim_allowed: false,
    paxos_propose_interval: 0.1,
    mon_cluster_log_file: join(folder, 'log', 'cluster.log'),
  };
  const gateway: Record<string, string | number | boolean> = {
    rgw_frontends: `beast endpoint=127.0.0.1:${gatewayPort} tcp_nodelay=1`,
    rgw_enable_usage_log: false,
    rgw_crypt_require_ssl: false,
    rgw_crypt_s3_kms_backend: 'testing',
    rgw_crypt_s3_kms_encryption_keys: 'testkey-1=YmluCmJvb3N0CmJvb3N0LWJ1aWxkCmNlcGguY29uZgo=',
    rgw_dns_name: 'localhost',
    rgw_lc_debug_interval: -1,
    rgw_data: join(folder, 'rgw'),
  };
  return `[global]\n${lines(settings)}\n[client.rgw]\n${lines(gateway)}\n`;
}

const lines = (settings: Readonly<Record<string, string | number | boolean>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
